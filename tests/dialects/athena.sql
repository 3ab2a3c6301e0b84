-- Queries for Athena's table, each with what DuckDB says of the raw records. `=== name | constructs`, query, `---`, check.
=== counts by service | count, group by, group by ordinal, order by, limit
SELECT eventsource, count(*) AS calls FROM cloudtrail_logs GROUP BY 1 ORDER BY calls DESC, eventsource LIMIT 50
---
SELECT src, count(*) FROM r GROUP BY 1
=== any database prefix and case | mixed-case identifiers, struct field, quoted identifier
SELECT EventName, userIdentity.Arn AS "Caller" FROM "AwsDataCatalog"."security"."cloudtrail_logs_2026" WHERE EventSource = 'iam.amazonaws.com'
---
SELECT name, uarn FROM r WHERE src = 'iam.amazonaws.com'
=== placeholders for names | placeholder
SELECT count(*) FROM <database>.<table> JOIN (SELECT 1 AS one) ON true
---
SELECT count(*) FROM r
=== qualified by database | three-part column
SELECT default.cloudtrail_logs.eventname, cloudtrail_logs.useridentity.type FROM default.cloudtrail_logs WHERE default.cloudtrail_logs.eventname LIKE 'Delete%'
---
SELECT name, utype FROM r WHERE name LIKE 'Delete%'
=== time window as text | between, varchar eventtime
SELECT count(*) FROM cloudtrail_logs WHERE eventtime BETWEEN '2026-03-02T06:00:00Z' AND '2026-03-02T18:00:00Z'
---
SELECT count(*) FROM r WHERE t BETWEEN '2026-03-02 06:00:00' AND '2026-03-02 18:00:00'
=== time by prefix | like, greater
SELECT count(*) FROM cloudtrail_logs WHERE eventtime >= '2026-03-03' AND eventtime < '2026-03-04' AND eventtime LIKE '2026-03-03T1%'
---
SELECT count(*) FROM r WHERE ts LIKE '2026-03-03T1%'
=== from_iso8601_timestamp | from_iso8601_timestamp, timestamp literal
SELECT eventid, from_iso8601_timestamp(eventtime) AS t FROM cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) > TIMESTAMP '2026-03-04 20:00:00' AND eventname = 'Decrypt'
---
SELECT eid, t FROM r WHERE t > '2026-03-04 20:00:00' AND name = 'Decrypt'
=== date_format | date_format
SELECT date_format(from_iso8601_timestamp(eventtime), '%Y-%m-%d %H:%i') AS minute, count(*) FROM cloudtrail_logs WHERE eventname = 'AssumeRole' GROUP BY date_format(from_iso8601_timestamp(eventtime), '%Y-%m-%d %H:%i')
---
SELECT strftime(t, '%Y-%m-%d %H:%M'), count(*) FROM r WHERE name = 'AssumeRole' GROUP BY 1
=== date_format every code | date_format
SELECT DISTINCT date_format(from_iso8601_timestamp(eventtime), '%a %b %c %d %e %H %h %I %i %j %k %l %M %m %p %r %T %W %y %%') FROM cloudtrail_logs WHERE eventname = 'StopLogging'
---
SELECT DISTINCT strftime(t, '%a %b %-m %d %-d %H %I %I %M %j %-H %-I %B %m %p %I:%M:%S %p %H:%M:%S %A %y %%') FROM r WHERE name = 'StopLogging'
=== date_parse | date_parse
SELECT max(date_parse(eventtime, '%Y-%m-%dT%H:%i:%sZ')), max(date_parse(substr(eventtime, 1, 10), '%Y-%m-%d')) FROM cloudtrail_logs
---
SELECT max(t), max(date_trunc('day', t)) FROM r
=== parse_datetime | parse_datetime
SELECT count(*) FROM cloudtrail_logs WHERE parse_datetime(eventtime, 'yyyy-MM-dd''T''HH:mm:ss''Z''') > parse_datetime('2026-03-03:12:00:00', 'yyyy-MM-dd:HH:mm:ss')
---
SELECT count(*) FROM r WHERE t > '2026-03-03 12:00:00'
=== date_add | date_add, interval
SELECT count(*) FROM cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) > date_add('hour', -6, TIMESTAMP '2026-03-04 12:00:00') AND from_iso8601_timestamp(eventtime) < TIMESTAMP '2026-03-04 12:00:00' + INTERVAL '2' HOUR
---
SELECT count(*) FROM r WHERE t > '2026-03-04 06:00:00' AND t < '2026-03-04 14:00:00'
=== date_add of weeks and months | date_add
SELECT date_add('week', 1, DATE '2026-03-01'), date_add('month', -1, DATE '2026-03-31'), date_add('day', 1, TIMESTAMP '2026-03-01 10:00:00'), date_add('year', 1, DATE '2024-02-29') FROM cloudtrail_logs LIMIT 1
---
SELECT '2026-03-08', '2026-02-28', '2026-03-02T10:00:00Z', '2025-02-28'
=== now | now, current_timestamp, current_date
SELECT count(*) FROM cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) < now() AND from_iso8601_timestamp(eventtime) < current_timestamp AND date(from_iso8601_timestamp(eventtime)) <= current_date
---
SELECT count(*) FROM r WHERE t < now()::timestamp
=== spans of time as conditions | date_diff
SELECT eventid FROM cloudtrail_logs WHERE date_diff('hour', from_iso8601_timestamp(eventtime), TIMESTAMP '2026-03-04 12:00:00') <= 5 AND date_diff('minute', TIMESTAMP '2026-03-04 06:30:00', from_iso8601_timestamp(eventtime)) > -30 AND date_diff('day', from_iso8601_timestamp(eventtime), TIMESTAMP '2026-03-04 10:00:00') = 0
---
SELECT eid FROM r WHERE date_sub('hour', t, TIMESTAMP '2026-03-04 12:00:00') <= 5 AND date_sub('minute', TIMESTAMP '2026-03-04 06:30:00', t) > -30 AND date_sub('day', t, TIMESTAMP '2026-03-04 10:00:00') = 0
=== date_diff | date_diff
SELECT eventid, date_diff('second', from_iso8601_timestamp(useridentity.sessioncontext.attributes.creationdate), from_iso8601_timestamp(eventtime)) AS age, date_diff('hour', TIMESTAMP '2026-03-01 00:30:00', from_iso8601_timestamp(eventtime)) AS h FROM cloudtrail_logs WHERE useridentity.type = 'AssumedRole' AND eventname = 'Decrypt'
---
SELECT eid, epoch(t)::bigint - epoch(cdate)::bigint, (epoch(t)::bigint - epoch(timestamp '2026-03-01 00:30:00')::bigint) // 3600 FROM r WHERE utype = 'AssumedRole' AND name = 'Decrypt'
=== date_trunc | date_trunc
SELECT date_trunc('hour', from_iso8601_timestamp(eventtime)) AS h, count(*) FROM cloudtrail_logs WHERE errorcode = 'AccessDenied' GROUP BY 1
---
SELECT date_trunc('hour', t), count(*) FROM r WHERE err = 'AccessDenied' GROUP BY 1
=== parts of a time | hour, minute, day_of_week, month, year, quarter, week
SELECT hour(from_iso8601_timestamp(eventtime)), minute(from_iso8601_timestamp(eventtime)), day_of_week(from_iso8601_timestamp(eventtime)), month(from_iso8601_timestamp(eventtime)), year(from_iso8601_timestamp(eventtime)), quarter(from_iso8601_timestamp(eventtime)), day(from_iso8601_timestamp(eventtime)), count(*) FROM cloudtrail_logs WHERE eventname = 'ConsoleLogin' GROUP BY 1, 2, 3, 4, 5, 6, 7
---
SELECT hour(t), minute(t), isodow(t), month(t), year(t), quarter(t), day(t), count(*) FROM r WHERE name = 'ConsoleLogin' GROUP BY ALL
=== json_extract_scalar | json_extract_scalar
SELECT json_extract_scalar(requestparameters, '$.bucketName') AS bucket, json_extract_scalar(requestparameters, '$.key') AS k FROM cloudtrail_logs WHERE eventsource = 's3.amazonaws.com' AND json_extract_scalar(requestparameters, '$.bucketName') IS NOT NULL
---
SELECT rp->>'$.bucketName', rp->>'$.key' FROM r WHERE src = 's3.amazonaws.com' AND rp->>'$.bucketName' IS NOT NULL
=== json_extract_scalar deeper | json_extract_scalar subscript
SELECT eventid, json_extract_scalar(requestparameters, '$.ipPermissions.items[0].ipRanges.items[0].cidrIp') AS cidr, json_extract_scalar(requestparameters, '$.ipPermissions.items[0].fromPort') AS port FROM cloudtrail_logs WHERE eventname LIKE '%SecurityGroupIngress'
---
SELECT eid, rp->>'$.ipPermissions.items[0].ipRanges.items[0].cidrIp', rp->>'$.ipPermissions.items[0].fromPort' FROM r WHERE name LIKE '%SecurityGroupIngress'
=== json_extract_scalar of nothing | json_extract_scalar null
SELECT count(json_extract_scalar(requestparameters, '$')), count(json_extract_scalar(requestparameters, '$.ipPermissions')), count(json_extract_scalar(requestparameters, '$.none')), count(json_extract_scalar('not json', '$.a')), count(json_extract_scalar(additionaleventdata, '$.x-amz-id-2')) FROM cloudtrail_logs
---
SELECT 0, 0, 0, 0, count(ae->>'$."x-amz-id-2"') FROM r
=== json numbers | json_extract_scalar, cast, sum
SELECT sum(CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredOut') AS bigint)) AS bytes, avg(CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredOut') AS double)) FROM cloudtrail_logs WHERE eventname = 'GetObject'
---
SELECT sum((ae->>'$.bytesTransferredOut')::bigint), avg((ae->>'$.bytesTransferredOut')::double) FROM r WHERE name = 'GetObject'
=== json_extract | json_extract, cast json as varchar
SELECT eventid, CAST(json_extract(requestparameters, '$.bucketName') AS varchar) AS b, json_extract(requestparameters, '$.bucketPolicy.Statement[0].Action') AS a FROM cloudtrail_logs WHERE eventname = 'PutBucketPolicy'
---
SELECT eid, rp->>'$.bucketName', rp->'$.bucketPolicy.Statement[0].Action' FROM r WHERE name = 'PutBucketPolicy'
=== dots on json | field access on a JSON column
SELECT eventid, requestParameters.bucketName, t.requestparameters.bucketPolicy.Version FROM cloudtrail_logs t WHERE requestParameters.bucketName LIKE 'data-%' AND eventname = 'PutBucketPolicy'
---
SELECT eid, rp->>'$.bucketName', rp->>'$.bucketPolicy.Version' FROM r WHERE rp->>'$.bucketName' LIKE 'data-%' AND name = 'PutBucketPolicy'
=== dots and subscripts on json | dots and subscripts mixed
SELECT eventid, requestParameters.ipPermissions.items[0].fromPort, requestParameters.ipPermissions.items[0].ipRanges.items[0].cidrIp FROM cloudtrail_logs WHERE eventname = 'AuthorizeSecurityGroupIngress'
---
SELECT eid, rp->>'$.ipPermissions.items[0].fromPort', rp->>'$.ipPermissions.items[0].ipRanges.items[0].cidrIp' FROM r WHERE name = 'AuthorizeSecurityGroupIngress'
=== three levels | struct field access 3 levels
SELECT useridentity.sessioncontext.sessionissuer.username, count(*) AS n FROM cloudtrail_logs WHERE useridentity.sessioncontext.sessionissuer.type = 'Role' AND useridentity.sessioncontext.attributes.mfaauthenticated = 'false' GROUP BY useridentity.sessioncontext.sessionissuer.username
---
SELECT iname, count(*) FROM r WHERE itype = 'Role' AND mfa = 'false' GROUP BY 1
=== console logins without mfa | coalesce, not equal, bare boolean text
SELECT eventtime, useridentity.username, sourceipaddress FROM cloudtrail_logs WHERE eventname = 'ConsoleLogin' AND useridentity.type != 'AssumedRole' AND json_extract_scalar(additionaleventdata, '$.MFAUsed') = 'No' AND json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Success' ORDER BY eventtime
---
SELECT ts, uname, ip FROM r WHERE name = 'ConsoleLogin' AND utype != 'AssumedRole' AND ae->>'$.MFAUsed' = 'No' AND re->>'$.ConsoleLogin' = 'Success'
=== readonly as text | varchar boolean, in list
SELECT eventname, count(*) FROM cloudtrail_logs WHERE readonly = 'false' AND eventsource IN ('iam.amazonaws.com', 'ec2.amazonaws.com') GROUP BY eventname
---
SELECT name, count(*) FROM r WHERE NOT ro AND src IN ('iam.amazonaws.com', 'ec2.amazonaws.com') GROUP BY 1
=== readonly as truth | varchar = true
SELECT count(*) FROM cloudtrail_logs WHERE readonly = true AND readonly <> false
---
SELECT count(*) FROM r WHERE ro
=== coalesce | coalesce, nullif
SELECT coalesce(useridentity.username, useridentity.sessioncontext.sessionissuer.username, useridentity.arn, 'none') AS who, count(*) FROM cloudtrail_logs WHERE nullif(errorcode, '') IS NOT NULL GROUP BY coalesce(useridentity.username, useridentity.sessioncontext.sessionissuer.username, useridentity.arn, 'none')
---
SELECT coalesce(uname, iname, uarn, 'none'), count(*) FROM r WHERE nullif(err, '') IS NOT NULL GROUP BY 1
=== regexp_like | regexp_like
SELECT eventname, count(*) AS n FROM cloudtrail_logs WHERE regexp_like(eventname, '^(Create|Delete|Put)') AND NOT regexp_like(coalesce(useridentity.arn, ''), '(?i)ROOT$') GROUP BY eventname
---
SELECT name, count(*) FROM r WHERE regexp_matches(name, '^(Create|Delete|Put)') AND NOT regexp_matches(coalesce(uarn, ''), '(?i)ROOT$') GROUP BY 1
=== regexp_extract | regexp_extract
SELECT regexp_extract(useridentity.arn, 'assumed-role/([^/]+)/', 1) AS role, regexp_extract(useridentity.arn, '[0-9]{12}') AS acct, count(*) FROM cloudtrail_logs GROUP BY 1, 2
---
SELECT nullif(regexp_extract(uarn, 'assumed-role/([^/]+)/', 1), ''), nullif(regexp_extract(uarn, '[0-9]{12}'), ''), count(*) FROM r GROUP BY 1, 2
=== split | split, subscript, element_at
SELECT split(eventsource, '.')[1] AS service, element_at(split(useridentity.arn, ':'), 5) AS acct, count(*) FROM cloudtrail_logs GROUP BY split(eventsource, '.')[1], element_at(split(useridentity.arn, ':'), 5)
---
SELECT string_split(src, '.')[1], string_split(uarn, ':')[5], count(*) FROM r GROUP BY 1, 2
=== split out of range | split, try, element_at
SELECT DISTINCT try(split(eventsource, '.')[9]), element_at(split(eventsource, '.'), 9), split_part(eventsource, '.', 2), try(CAST(eventname AS integer)) FROM cloudtrail_logs WHERE eventsource = 'kms.amazonaws.com'
---
SELECT NULL, NULL, 'amazonaws', NULL
=== count_if | count_if
SELECT count_if(errorcode IS NOT NULL) AS failed, count_if(readonly = 'true') AS reads, count(*) AS n FROM cloudtrail_logs
---
SELECT count(*) FILTER (WHERE err IS NOT NULL), count(*) FILTER (WHERE ro), count(*) FROM r
=== array_agg | array_agg distinct, order by, cardinality
SELECT useridentity.type, array_agg(DISTINCT awsregion ORDER BY awsregion) AS regions, cardinality(array_agg(DISTINCT eventname)) AS names FROM cloudtrail_logs WHERE useridentity.type IS NOT NULL GROUP BY useridentity.type
---
SELECT utype, list(DISTINCT region ORDER BY region), count(DISTINCT name) FROM r WHERE utype IS NOT NULL GROUP BY 1
=== contains | contains, array
SELECT array_join(array_agg(DISTINCT awsregion ORDER BY awsregion), '|') FROM cloudtrail_logs HAVING contains(array_agg(awsregion), 'us-east-1')
---
SELECT string_agg(DISTINCT region, '|' ORDER BY region) FROM r
=== approx_percentile | approx_percentile
SELECT approx_percentile(CAST(1 AS double), 0.5) FROM cloudtrail_logs
---
SELECT 1.0
=== approx_distinct | approx_distinct
SELECT approx_distinct(awsregion) FROM cloudtrail_logs
---
SELECT count(DISTINCT region) FROM r
=== min max and having | min, max, having, count distinct
SELECT sourceipaddress, min(eventtime) AS first, max(eventtime) AS last, count(DISTINCT eventname) AS names FROM cloudtrail_logs GROUP BY sourceipaddress HAVING count(*) > 20 ORDER BY names DESC
---
SELECT ip, min(ts), max(ts), count(DISTINCT name) FROM r GROUP BY ip HAVING count(*) > 20
=== unnest resources | cross join unnest
SELECT eventid, res.arn, res.type, res.accountid FROM cloudtrail_logs CROSS JOIN UNNEST(resources) AS t(res) WHERE eventname = 'GetObject'
---
SELECT eid, coalesce(x->>'ARN', x->>'arn'), x->>'type', x->>'accountId' FROM (SELECT eid, unnest(res::json[]) AS x FROM r WHERE name = 'GetObject')
=== unnest of an alias | cross join unnest, alias
SELECT c.eventname, u.r.type AS kind, count(*) AS n FROM cloudtrail_logs AS c CROSS JOIN UNNEST(c.resources) AS u (r) WHERE c.awsregion = 'us-east-1' GROUP BY c.eventname, u.r.type
---
SELECT name, x->>'type', count(*) FROM (SELECT name, unnest(res::json[]) AS x FROM r WHERE region = 'us-east-1') GROUP BY 1, 2
=== left join unnest | left join unnest on true
SELECT count(*) AS n, count(res.arn) AS arns FROM cloudtrail_logs LEFT JOIN UNNEST(resources) AS t(res) ON TRUE
---
SELECT sum(greatest(coalesce(json_array_length(res), 0), 1)), sum(coalesce(json_array_length(res), 0)) FROM r
=== unnest json | unnest, cast as array(json)
SELECT eventid, json_extract_scalar(item, '$.fromPort') AS port FROM cloudtrail_logs CROSS JOIN UNNEST(CAST(json_extract(requestparameters, '$.ipPermissions.items') AS ARRAY(JSON))) AS t(item) WHERE eventname = 'AuthorizeSecurityGroupIngress'
---
SELECT eid, x->>'fromPort' FROM (SELECT eid, unnest((rp->'$.ipPermissions.items')::json[]) AS x FROM r WHERE name = 'AuthorizeSecurityGroupIngress')
=== unnest rows of json | cast as array(row(
SELECT eventid, t.fromport, t.toport, proto FROM cloudtrail_logs CROSS JOIN UNNEST(CAST(json_extract(requestparameters, '$.ipPermissions.items') AS ARRAY(ROW(ipProtocol VARCHAR, fromPort BIGINT, toPort INTEGER)))) AS t(proto, fromport, toport) WHERE eventname = 'AuthorizeSecurityGroupIngress'
---
SELECT eid, (x->>'fromPort')::BIGINT, (x->>'toPort')::INTEGER, x->>'ipProtocol' FROM (SELECT eid, unnest((rp->'$.ipPermissions.items')::json[]) AS x FROM r WHERE name = 'AuthorizeSecurityGroupIngress')
=== unnest with ordinality | unnest with ordinality
SELECT eventid, n, res.type FROM cloudtrail_logs CROSS JOIN UNNEST(resources) WITH ORDINALITY AS t(res, n) WHERE eventname = 'PutObject'
---
SELECT eid, i, (res->(i - 1))->>'type' FROM (SELECT eid, res, unnest(range(1, json_array_length(res)::bigint + 1)) AS i FROM r WHERE name = 'PutObject')
=== unnest by comma | comma unnest
SELECT count(*) FROM cloudtrail_logs, UNNEST(resources) AS t(res) WHERE res.type LIKE '%Bucket'
---
SELECT count(*) FROM (SELECT unnest(res::json[]) AS x FROM r) WHERE x->>'type' LIKE '%Bucket'
=== ipaddress | ipaddress type and literal
SELECT eventid FROM cloudtrail_logs WHERE TRY_CAST(sourceipaddress AS IPADDRESS) BETWEEN IPADDRESS '198.51.100.0' AND IPADDRESS '198.51.100.255'
---
SELECT eid FROM r WHERE regexp_matches(ip, '^198\.51\.100\.[0-9]+$')
=== contains cidr | contains cidr
SELECT count(*) FROM cloudtrail_logs WHERE contains('203.0.113.0/24', TRY_CAST(sourceipaddress AS IPADDRESS))
---
SELECT count(*) FROM r WHERE ip LIKE '203.0.113.%'
=== not an address | try_cast, is null
SELECT sourceipaddress, count(*) FROM cloudtrail_logs WHERE TRY_CAST(sourceipaddress AS IPADDRESS) IS NULL AND sourceipaddress IS NOT NULL GROUP BY 1
---
SELECT ip, count(*) FROM r WHERE NOT regexp_matches(ip, '^[0-9.]+$') AND ip NOT LIKE '%:%' GROUP BY 1
=== partitions by text | region, year, month, day
SELECT count(*) FROM cloudtrail_logs WHERE region = 'us-east-1' AND year = '2026' AND month = '03' AND day = '03'
---
SELECT count(*) FROM r WHERE region = 'us-east-1' AND day = '2026-03-03'
=== partitions by number | year, month, day as numbers
SELECT count(*) FROM cloudtrail_logs WHERE year = 2026 AND month = 3 AND day >= 3 AND account = '012345678901'
---
SELECT count(*) FROM r WHERE acct = '012345678901' AND day >= '2026-03-03'
=== partitions with slashes | timestamp projection
SELECT awsregion, count(*) FROM cloudtrail_logs WHERE "timestamp" >= '2026/03/03' AND "timestamp" < '2026/03/04' GROUP BY awsregion
---
SELECT region, count(*) FROM r WHERE day = '2026-03-03' GROUP BY 1
=== day with slashes | day
SELECT count(*) FROM cloudtrail_logs WHERE day BETWEEN '2026/03/02' AND '2026/03/03'
---
SELECT count(*) FROM r WHERE day BETWEEN '2026-03-02' AND '2026-03-03'
=== day as date | day, date literal
SELECT count(*) FROM cloudtrail_logs WHERE day = DATE '2026-03-02' AND region IN ('eu-central-1')
---
SELECT count(*) FROM r WHERE day = '2026-03-02' AND region = 'eu-central-1'
=== dt partition | dt
SELECT count(*) FROM cloudtrail_logs WHERE dt = '2026-03-02' AND account_id = '111122223333'
---
SELECT count(*) FROM r WHERE day = '2026-03-02' AND acct = '111122223333'
=== bootstrap partitions | date_partition, region_partition, account_partition
SELECT eventname, count(*) FROM security_lake.cloudtrail WHERE date_partition >= '2026/03/03' AND region_partition = 'us-east-1' AND account_partition = '012345678901' GROUP BY 1
---
SELECT name, count(*) FROM r WHERE day >= '2026-03-03' AND region = 'us-east-1' AND acct = '012345678901' GROUP BY 1
=== perimeter partitions | p_date, p_region, p_account
SELECT count(*) FROM cloudtrail_logs WHERE p_date >= date_format(DATE '2026-03-03', '%Y/%m/%d') AND p_region = 'us-east-1' AND p_account = '012345678901'
---
SELECT count(*) FROM r WHERE day >= '2026-03-03' AND region = 'us-east-1' AND acct = '012345678901'
=== date and log_date partitions | date, log_date
SELECT count(*) FROM cloudtrail_logs WHERE date = '2026-03-04' AND log_date = '2026-03-04'
---
SELECT count(*) FROM r WHERE day = '2026-03-04'
=== parsed partition | date_parse of a partition
SELECT count(*) FROM cloudtrail_logs WHERE date_parse("timestamp", '%Y/%m/%d') >= TIMESTAMP '2026-03-04 00:00:00'
---
SELECT count(*) FROM r WHERE day = '2026-03-04'
=== partitions joined | concat of partitions
SELECT count(*) FROM cloudtrail_logs WHERE year || '-' || month || '-' || day >= '2026-03-03'
---
SELECT count(*) FROM r WHERE day >= '2026-03-03'
=== an alias is no partition | alias
SELECT substr(eventtime, 1, 10) AS day, count(*) AS n FROM cloudtrail_logs GROUP BY substr(eventtime, 1, 10) ORDER BY day
---
SELECT substr(ts, 1, 10), count(*) FROM r GROUP BY 1
=== partition beside star | select star
SELECT count(*) FROM (SELECT * FROM cloudtrail_logs WHERE region = 'us-east-1' AND day = '02')
---
SELECT count(*) FROM r WHERE region = 'us-east-1' AND day = '2026-03-02'
=== concat | concat, null
SELECT concat(eventsource, ':', eventname) AS action, concat(useridentity.arn, '/', errorcode) AS x, count(*) FROM cloudtrail_logs GROUP BY 1, 2
---
SELECT src || ':' || name, uarn || '/' || err, count(*) FROM r GROUP BY 1, 2
=== replace | replace, lower, upper, length, strpos
SELECT replace(eventsource, '.amazonaws.com') AS s, replace(awsregion, '-', '_') AS g, lower(eventname) AS l, length(eventname) AS n, strpos(eventname, 'e') AS p, upper(substr(eventname, -3)) AS tail FROM cloudtrail_logs WHERE eventname LIKE 'Put%'
---
SELECT replace(src, '.amazonaws.com', ''), replace(region, '-', '_'), lower(name), length(name), instr(name, 'e'), upper(right(name, 3)) FROM r WHERE name LIKE 'Put%'
=== like escape | like escape, not like
SELECT DISTINCT eventname FROM cloudtrail_logs WHERE eventname LIKE '%\_%' ESCAPE '\' OR eventname NOT LIKE '%e%'
---
SELECT DISTINCT name FROM r WHERE name LIKE '%\_%' ESCAPE '\' OR name NOT LIKE '%e%'
=== is distinct from | is distinct from and
SELECT count(*) FROM cloudtrail_logs WHERE errorcode IS DISTINCT FROM 'AccessDenied' AND eventname = 'Decrypt' AND useridentity.type IS NOT DISTINCT FROM 'Root'
---
SELECT count(*) FROM r WHERE err IS DISTINCT FROM 'AccessDenied' AND name = 'Decrypt' AND utype IS NOT DISTINCT FROM 'Root'
=== neighbouring literals | adjacent string literals
SELECT count(*) FROM cloudtrail_logs WHERE eventname IN ('Create' 'User', 'Delete'
  'User')
---
SELECT count(*) FROM r WHERE name IN ('CreateUser', 'DeleteUser')
=== distinct ordered by a field | select distinct order by struct field
SELECT DISTINCT useridentity.arn, eventname FROM cloudtrail_logs WHERE eventsource = 'iam.amazonaws.com' ORDER BY useridentity.arn, eventname
---
SELECT DISTINCT uarn, name FROM r WHERE src = 'iam.amazonaws.com'
=== with and join | cte, join, field by its own name
WITH keys AS (SELECT useridentity.accesskeyid, count(*) AS n FROM cloudtrail_logs WHERE useridentity.type = 'IAMUser' GROUP BY useridentity.accesskeyid), failed AS (SELECT useridentity.accesskeyid AS k, count(*) AS f FROM cloudtrail_logs WHERE errorcode IS NOT NULL GROUP BY 1) SELECT keys.accesskeyid, n, f FROM keys LEFT JOIN failed ON keys.accesskeyid = failed.k
---
SELECT a.k, a.n, b.f FROM (SELECT ukey AS k, count(*) AS n FROM r WHERE utype = 'IAMUser' GROUP BY 1) a LEFT JOIN (SELECT ukey AS k, count(*) AS f FROM r WHERE err IS NOT NULL GROUP BY 1) b ON a.k = b.k
=== self join | join on, two aliases
SELECT a.eventid FROM cloudtrail_logs a JOIN cloudtrail_logs b ON a.useridentity.principalid = b.useridentity.principalid AND a.eventname = 'CreateUser' AND b.eventname = 'DeleteUser'
---
SELECT a.eid FROM r a JOIN r b ON a.upid = b.upid AND a.name = 'CreateUser' AND b.name = 'DeleteUser'
=== window | window, rows frame
SELECT eventid, row_number() OVER (PARTITION BY awsregion ORDER BY eventtime, eventid) AS n, count(*) OVER (PARTITION BY awsregion ORDER BY eventtime, eventid ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS w FROM cloudtrail_logs WHERE eventname = 'CreateUser'
---
SELECT eid, row_number() OVER (PARTITION BY region ORDER BY ts, eid), count(*) OVER (PARTITION BY region ORDER BY ts, eid ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM r WHERE name = 'CreateUser'
=== scalar subquery and case | scalar subquery, case, cross join
SELECT CASE WHEN useridentity.type = 'Root' THEN 'root' WHEN useridentity.type LIKE '%User' THEN 'user' ELSE 'other' END AS kind, count(*) AS n FROM cloudtrail_logs WHERE eventtime > (SELECT min(eventtime) FROM cloudtrail_logs) GROUP BY 1
---
SELECT CASE WHEN utype = 'Root' THEN 'root' WHEN utype LIKE '%User' THEN 'user' ELSE 'other' END, count(*) FROM r WHERE ts > (SELECT min(ts) FROM r) GROUP BY 1
=== nulls last | order by desc, limit
SELECT errorcode FROM cloudtrail_logs ORDER BY errorcode DESC LIMIT 5
---
SELECT err FROM r ORDER BY err DESC NULLS LAST LIMIT 5
=== path | hidden column
SELECT count(DISTINCT "$path") <= count(*), count(*) FROM cloudtrail_logs WHERE "$path" LIKE '%eu-central-1%'
---
SELECT true, count(*) FROM r WHERE region = 'eu-central-1'
=== star and path | select star, hidden column
SELECT count(*) FROM (SELECT *, "$path" FROM cloudtrail_logs)
---
SELECT count(*) FROM r
=== max_by and if | max_by, arbitrary, if
SELECT useridentity.username, max_by(eventname, eventtime || eventid) AS last, if(count(*) > 100, 'many', 'few') AS much FROM cloudtrail_logs WHERE useridentity.type = 'IAMUser' GROUP BY useridentity.username
---
SELECT uname, arg_max(name, ts || eid), if(count(*) > 100, 'many', 'few') FROM r WHERE utype = 'IAMUser' GROUP BY 1
=== to_unixtime | to_unixtime, from_unixtime, floor, abs
SELECT from_unixtime(floor(to_unixtime(from_iso8601_timestamp(eventtime)) / 300) * 300) AS slot, count(*) FROM cloudtrail_logs WHERE eventname = 'Decrypt' GROUP BY 1
---
SELECT to_timestamp(floor(epoch(t) / 300) * 300)::timestamp, count(*) FROM r WHERE name = 'Decrypt' GROUP BY 1
=== interval arithmetic | n * interval, to_milliseconds
SELECT count(*) FROM cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) > TIMESTAMP '2026-03-04 12:00:00' - 3 * INTERVAL '1' HOUR AND to_milliseconds(INTERVAL '2' SECOND) = 2000
---
SELECT count(*) FROM r WHERE t > '2026-03-04 09:00:00'
=== md5 | md5, to_utf8, to_hex, sha256
SELECT DISTINCT to_hex(md5(to_utf8(eventname))) FROM cloudtrail_logs WHERE eventsource = 'iam.amazonaws.com'
---
SELECT DISTINCT upper(md5(name)) FROM r WHERE src = 'iam.amazonaws.com'
=== tls | struct field
SELECT tlsdetails.tlsversion, count(*) FROM cloudtrail_logs GROUP BY tlsdetails.tlsversion
---
SELECT tls, count(*) FROM r GROUP BY 1
=== trailing comma | trailing comma
SELECT eventname, count(*) AS n, FROM cloudtrail_logs WHERE eventname LIKE 'C%' GROUP BY eventname,
---
SELECT name, count(*) FROM r WHERE name LIKE 'C%' GROUP BY 1
=== map unnest and slice | slice, array functions
SELECT DISTINCT slice(split(eventsource, '.'), 2, 2) AS rest, cardinality(split(eventsource, '.')) AS n FROM cloudtrail_logs WHERE eventname = 'Decrypt'
---
SELECT ['amazonaws', 'com'], 3
=== group by cast | cast varchar, union all
SELECT CAST(count(*) AS varchar) AS n FROM cloudtrail_logs WHERE eventcategory = 'Insight' UNION ALL SELECT CAST(count(*) AS varchar(20)) FROM cloudtrail_logs WHERE eventcategory = 'Data'
---
SELECT count(*)::varchar FROM r WHERE cat = 'Insight' UNION ALL SELECT count(*)::varchar FROM r WHERE cat = 'Data'
=== lambdas | any_match, none_match, all_match
SELECT eventid, any_match(resources, r -> coalesce(r.type, '') = 'AWS::S3::Bucket' AND r.arn LIKE '%data%'), none_match(resources, r -> coalesce(r.type, '') = 'AWS::S3::Bucket'), all_match(resources, r -> r.arn LIKE 'arn:aws:s3%') FROM cloudtrail_logs WHERE cardinality(resources) > 0
---
SELECT eid, len(list_filter(res::json[], lambda r: r->>'type' = 'AWS::S3::Bucket' AND r->>'ARN' LIKE '%data%' OR r->>'type' = 'AWS::S3::Bucket' AND r->>'arn' LIKE '%data%')) > 0, len(list_filter(res::json[], lambda r: r->>'type' = 'AWS::S3::Bucket')) = 0, len(list_filter(res::json[], lambda r: coalesce(r->>'ARN', r->>'arn') NOT LIKE 'arn:aws:s3%')) = 0 FROM r WHERE len(res::json[]) > 0
=== lambdas that make lists | transform, filter
SELECT eventid, array_join(transform(filter(resources, (r) -> r.type = 'AWS::S3::Object'), r -> upper(r.arn)), ',') FROM cloudtrail_logs WHERE eventname = 'GetObject'
---
SELECT eid, array_to_string(list_transform(list_filter(res::json[], lambda r: r->>'type' = 'AWS::S3::Object'), lambda r: upper(coalesce(r->>'ARN', r->>'arn'))), ',') FROM r WHERE name = 'GetObject'
=== lambda over JSON | any_match, cast as array(json)
SELECT count(*) FROM cloudtrail_logs WHERE any_match(CAST(json_extract(requestparameters, '$.ipPermissions.items') AS ARRAY(JSON)), p -> json_extract_scalar(p, '$.fromPort') = '22')
---
SELECT count(*) FROM r WHERE len(list_filter((rp->'$.ipPermissions.items')::json[], lambda p: p->>'fromPort' = '22')) > 0
=== one value of a list | reduce
SELECT eventid, reduce(resources, 0, (s, r) -> s + coalesce(length(r.arn), 0), s -> s * 2) FROM cloudtrail_logs WHERE cardinality(resources) > 0
---
SELECT eid, 2 * coalesce(list_sum(list_transform(res::json[], lambda r: length(coalesce(r->>'ARN', r->>'arn')))), 0) FROM r WHERE len(res::json[]) > 0
=== numbers of JSON | cast as bigint, cast as boolean
SELECT eventid, CAST(json_extract(additionaleventdata, '$.bytesTransferredOut') AS bigint), CAST(json_extract(additionaleventdata, '$.bytesTransferredOut') AS boolean), CAST(json_extract(requestparameters, '$.bucketName') AS bigint) FROM cloudtrail_logs WHERE eventname = 'GetObject'
---
SELECT eid, (ae->>'$.bytesTransferredOut')::double::bigint, (ae->>'$.bytesTransferredOut')::double <> 0, NULL FROM r WHERE name = 'GetObject'
=== list of values | in values
SELECT count(*) FROM cloudtrail_logs WHERE eventname IN (VALUES 'Decrypt', 'AssumeRole') AND awsregion NOT IN (VALUES ('us-east-1'))
---
SELECT count(*) FROM r WHERE name IN ('Decrypt', 'AssumeRole') AND region <> 'us-east-1'
=== table of values | values
SELECT n, count(*) FROM cloudtrail_logs JOIN (VALUES 'Decrypt', 'AssumeRole') AS v(n) ON n = eventname GROUP BY n
---
SELECT name, count(*) FROM r WHERE name IN ('Decrypt', 'AssumeRole') GROUP BY 1
=== histogram | histogram, element_at, map_agg
SELECT awsregion, element_at(histogram(eventname), 'Decrypt'), cardinality(histogram(errorcode)), element_at(map_agg(eventname, eventsource), 'AssumeRole') FROM cloudtrail_logs GROUP BY awsregion
---
SELECT region, count(*) FILTER (name = 'Decrypt'), count(DISTINCT err), min(src) FILTER (name = 'AssumeRole') FROM r GROUP BY 1
=== listagg | listagg, within group
SELECT eventsource, listagg(DISTINCT eventname, ', ') WITHIN GROUP (ORDER BY eventname) FROM cloudtrail_logs GROUP BY eventsource
---
SELECT src, string_agg(DISTINCT name, ', ' ORDER BY name) FROM r GROUP BY 1
=== variance and last day | variance, last_day_of_month
SELECT round(variance(length(eventname))), min(last_day_of_month(from_iso8601_timestamp(eventtime))), max(last_day_of_month(date(from_iso8601_timestamp(eventtime)))) FROM cloudtrail_logs
---
SELECT round(var_samp(length(name))), min(last_day(t)), max(last_day(t)) FROM r
=== format | format
SELECT DISTINCT format('%s in %s: %d%%, %.1f', eventname, errorcode, length(eventname), length(eventname) / 2.0) FROM cloudtrail_logs WHERE eventsource = 'kms.amazonaws.com'
---
SELECT DISTINCT printf('%s in %s: %d%%, %.1f', name, coalesce(err, 'null'), length(name), length(name) / 2) FROM r WHERE src = 'kms.amazonaws.com'
=== parts of urls | url_extract_host, url_extract_path, url_extract_query, url_extract_parameter, url_decode
SELECT DISTINCT url_extract_host(u), url_extract_path(u), url_extract_query(u), url_extract_parameter(u, 'a'), url_extract_host(eventsource), url_decode('a%2Fb+c') FROM (SELECT concat('https://', eventsource, '/x/y?a=1%202&b=', eventname, '#f') AS u, eventsource FROM cloudtrail_logs WHERE eventname IS NOT NULL)
---
SELECT DISTINCT src, '/x/y', 'a=1 2&b=' || name, '1 2', '', 'a/b c' FROM r WHERE name IS NOT NULL
=== time zones | at_timezone, at time zone
SELECT date_format(at_timezone(from_iso8601_timestamp(eventtime), 'America/New_York'), '%Y-%m-%d %H'), hour(from_iso8601_timestamp(eventtime) AT TIME ZONE 'America/New_York'), count(*) FROM cloudtrail_logs GROUP BY 1, 2
---
SELECT strftime(timezone('America/New_York', timezone('UTC', t)), '%Y-%m-%d %H'), hour(timezone('America/New_York', timezone('UTC', t))), count(*) FROM r GROUP BY 1, 2
=== wall time of a zone | cast as timestamp
SELECT CAST(CAST(at_timezone(from_iso8601_timestamp(eventtime), 'Asia/Kolkata') AS TIMESTAMP) AS VARCHAR) LIKE '%:30:%' AS half, day(CAST(from_iso8601_timestamp(eventtime) AT TIME ZONE 'America/New_York' AS TIMESTAMP)) AS d, count(*) FROM cloudtrail_logs WHERE CAST(from_iso8601_timestamp(eventtime) AS TIMESTAMP) >= TIMESTAMP '2026-03-02 04:00:00' GROUP BY 1, 2
---
SELECT minute(timezone('Asia/Kolkata', timezone('UTC', t))) = 30, day(timezone('America/New_York', timezone('UTC', t))), count(*) FROM r WHERE t >= TIMESTAMP '2026-03-02 04:00:00' GROUP BY 1, 2
=== clock of another zone | with_timezone
SELECT count(*) FROM cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) >= with_timezone(TIMESTAMP '2026-03-02 04:00:00', 'America/New_York') AND from_iso8601_timestamp(eventtime) < TIMESTAMP '2026-03-03 00:00:00 Europe/Berlin'
---
SELECT count(*) FROM r WHERE t >= TIMESTAMP '2026-03-02 09:00:00' AND t < TIMESTAMP '2026-03-02 23:00:00'
=== structs as JSON | cast as json, cast as varchar
SELECT eventid, json_extract_scalar(CAST(resources AS JSON), '$[0].type'), json_extract_scalar(json_parse(CAST(useridentity AS VARCHAR)), '$.sessioncontext.sessionissuer.username') FROM cloudtrail_logs WHERE cardinality(resources) > 0
---
SELECT eid, res->0->>'type', iname FROM r WHERE len(res::json[]) > 0
=== unnest without an alias | cross join unnest
SELECT eventname, arn, type, count(*) FROM cloudtrail_logs CROSS JOIN UNNEST(resources) WHERE type LIKE 'AWS::S3%' GROUP BY eventname, arn, type
---
SELECT name, coalesce(e->>'ARN', e->>'arn'), e->>'type', count(*) FROM (SELECT name, unnest(res::json[]) AS e FROM r) WHERE e->>'type' LIKE 'AWS::S3%' GROUP BY ALL
=== days by their text | substr, like
SELECT count(*), count(CASE WHEN eventtime LIKE '2026-03-03T1%' THEN 1 END) FROM cloudtrail_logs WHERE substr(eventtime, 1, 10) = '2026-03-03' AND NOT substr(eventtime, 1, 13) >= '2026-03-03T20'
---
SELECT count(*), count(*) FILTER (ts LIKE '2026-03-03T1%') FROM r WHERE ts LIKE '2026-03-03%' AND hour(t) < 20
=== days by what is cut | date_trunc, date_format
SELECT count(*) FROM cloudtrail_logs WHERE date_trunc('day', from_iso8601_timestamp(eventtime)) = DATE '2026-03-03' AND date_format(from_iso8601_timestamp(eventtime), '%Y-%m-%d %H') > '2026-03-03 10' AND date_trunc('hour', from_iso8601_timestamp(eventtime)) <> TIMESTAMP '2026-03-03 12:00:00'
---
SELECT count(*) FROM r WHERE t::date = '2026-03-03' AND hour(t) > 10 AND hour(t) <> 12
=== columns of a crawler | partition_3
SELECT partition_0, count(*) FROM cloudtrail_logs WHERE partition_3 = '2026' AND partition_4 = '03' AND partition_5 = '03' AND partition_2 = 'us-east-1' GROUP BY partition_0
---
SELECT acct, count(*) FROM r WHERE day = '2026-03-03' AND region = 'us-east-1' GROUP BY 1
=== correlated fields | exists, struct field
SELECT count(*) FROM cloudtrail_logs a WHERE EXISTS (SELECT 1 FROM cloudtrail_logs b WHERE b.useridentity.arn = a.useridentity.arn AND b.eventname = 'ConsoleLogin')
---
SELECT count(*) FROM r WHERE uarn IN (SELECT uarn FROM r WHERE name = 'ConsoleLogin')
=== JSON under another name | with, dots
WITH calls AS (SELECT eventid, requestparameters AS p FROM cloudtrail_logs WHERE eventname = 'GetObject') SELECT c.eventid, c.p.bucketName FROM calls c WHERE p.bucketName LIKE 'data%'
---
SELECT eid, rp->>'bucketName' FROM r WHERE name = 'GetObject' AND rp->>'bucketName' LIKE 'data%'
=== fetch first | fetch first
SELECT eventid FROM cloudtrail_logs ORDER BY eventtime DESC, eventid FETCH FIRST 3 ROWS ONLY
---
SELECT eid FROM r ORDER BY t DESC, eid LIMIT 3
=== trino means of functions | split_part, rounding cast, greatest, concat_ws list, date_trunc of date
SELECT coalesce(split_part(eventsource, '.', 9), eventname) AS name, CAST(length(eventname) / 2e0 AS bigint) AS half, count_if(greatest(eventname, errorcode) IS NULL) AS fine, concat_ws('+', ARRAY[eventname, awsregion]) AS joined, date_trunc('month', date(from_iso8601_timestamp(eventtime))) AS month FROM cloudtrail_logs GROUP BY 1, 2, 4, 5
---
SELECT name, ((length(name) + 1) // 2)::bigint, count(*) FILTER (WHERE err IS NULL), concat_ws('+', name, region), date_trunc('month', t)::date FROM r GROUP BY 1, 2, 4, 5
=== a partition under its own name | alias of a partition
SELECT region AS region, DATE(date_parse(p_date, '%Y/%m/%d')) AS p_date, count(*) FROM cloudtrail_logs WHERE partition_year = '2026' AND partition_month = '03' GROUP BY 1, 2
---
SELECT region, day::date, count(*) FROM r WHERE year(day) = 2026 AND month(day) = 3 GROUP BY ALL
=== fields of a row by number | subscript on a row
SELECT resources[1][1], resources[1][3], count(*) FROM cloudtrail_logs WHERE cardinality(resources) > 0 GROUP BY 1, 2
---
SELECT coalesce(res->0->>'ARN', res->0->>'arn'), res->0->>'type', count(*) FROM r WHERE len(res::json[]) > 0 GROUP BY ALL
=== computed columns of a lateral select | lateral
SELECT eventid, x.kind, bucket FROM cloudtrail_logs, LATERAL (SELECT resources[1].type AS kind, json_extract_scalar(requestparameters, '$.bucketName') AS bucket) x WHERE bucket IS NOT NULL
---
SELECT eid, res->0->>'type', rp->>'bucketName' FROM r WHERE rp->>'bucketName' IS NOT NULL
=== spans as text | parse_duration
SELECT count(*) FROM cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) > TIMESTAMP '2026-03-04 00:00:00' - parse_duration('1.5d') AND from_iso8601_timestamp(eventtime) < TIMESTAMP '2026-03-04 00:00:00'
---
SELECT count(*) FROM r WHERE t > TIMESTAMP '2026-03-04 00:00:00' - INTERVAL 36 HOUR AND t < TIMESTAMP '2026-03-04 00:00:00'
=== two kinds of distinct values | count(distinct), array_agg(distinct)
SELECT useridentity.arn, count(DISTINCT eventname), count(DISTINCT sourceipaddress), cardinality(array_agg(DISTINCT useragent)), cardinality(array_agg(DISTINCT errorcode) FILTER (WHERE errorcode IS NOT NULL)), count(*) FROM cloudtrail_logs GROUP BY useridentity.arn
---
SELECT uarn, count(DISTINCT name), count(DISTINCT ip), len(list(DISTINCT ua)), len(list(DISTINCT err) FILTER (err IS NOT NULL)), count(*) FROM r GROUP BY 1
=== the database says it | table of a database
SELECT eventname, count(*) FROM cloudtrail_logs.organization_events GROUP BY eventname
---
SELECT name, count(*) FROM r GROUP BY 1
=== extract | days of the week and of the year
SELECT extract(dow FROM from_iso8601_timestamp(eventtime)) AS d, extract(day_of_year FROM from_iso8601_timestamp(eventtime)) AS y, extract(yow FROM from_iso8601_timestamp(eventtime)) AS w, count(*) AS n FROM cloudtrail_logs GROUP BY 1, 2, 3
---
SELECT isodow(t), dayofyear(t), isoyear(t), count(*) FROM r GROUP BY 1, 2, 3
=== names in quotes | quoted identifiers in capitals
SELECT "eventName", "userIdentity"."userName" AS "User", count(*) AS "Calls" FROM cloudtrail_logs WHERE "eventSource" = 'iam.amazonaws.com' GROUP BY "eventName", "userIdentity"."userName" ORDER BY "Calls" DESC, "User", "eventName"
---
SELECT name, uname, count(*) FROM r WHERE src = 'iam.amazonaws.com' GROUP BY 1, 2
=== like with any escape | like escape
SELECT count(*) AS n FROM cloudtrail_logs WHERE useragent LIKE '%!_%' ESCAPE '!' OR useragent LIKE 'a\_%' OR errormessage LIKE '%#%%' ESCAPE '#'
---
SELECT count(*) FROM r WHERE ua LIKE '%!_%' ESCAPE '!' OR ua LIKE 'a\_%' OR j->>'$.errorMessage' LIKE '%#%%' ESCAPE '#'
=== substr from the end with a length | substr
SELECT DISTINCT substr(eventsource, -13, 6) AS a, substr(eventsource, -3) AS b FROM cloudtrail_logs
---
SELECT DISTINCT substr(src, -13, 6), substr(src, -3) FROM r
=== Snowflake's names | array_size, array_contains, dateadd, datediff
SELECT eventid, array_size(resources) AS n, datediff(day, from_iso8601_timestamp(eventtime), TIMESTAMP '2026-03-10 00:00:00') AS d FROM cloudtrail_logs WHERE array_contains('AWS::S3::Bucket'::variant, transform(resources, r -> r.type)) AND from_iso8601_timestamp(eventtime) > dateadd(day, -7, TIMESTAMP '2026-03-10 12:00:00')
---
SELECT eid, json_array_length(res), date_diff('day', t, timestamp '2026-03-10') FROM r WHERE list_contains(res->>'$[*].type', 'AWS::S3::Bucket') AND t > timestamp '2026-03-03 12:00:00'
=== lambda of matches | regexp_replace with a lambda
SELECT eventname, regexp_replace(eventname, '([A-Z])', x -> '_' || lower(x[1])) AS snake, count(*) AS n FROM cloudtrail_logs GROUP BY 1, 2
---
SELECT name, array_to_string([CASE WHEN regexp_full_match(p, '[A-Z]') THEN '_' || lower(p) ELSE p END FOR p IN regexp_extract_all(name, '[A-Z]|[^A-Z]+')], ''), count(*) FROM r GROUP BY 1
=== sums of hashes | checksum
SELECT eventname, checksum(awsregion) = checksum(awsregion || '') AS same, checksum(eventid) = checksum(awsregion) AS other FROM cloudtrail_logs GROUP BY 1
---
SELECT DISTINCT name, true, false FROM r
=== an error is asked for | json_value error on empty
SELECT eventid, json_value(requestparameters, 'lax $.bucketName' ERROR ON EMPTY ERROR ON ERROR) AS b, json_query(requestparameters, 'lax $.bucketName' WITHOUT WRAPPER ERROR ON EMPTY) AS q FROM cloudtrail_logs WHERE json_extract_scalar(requestparameters, '$.bucketName') IS NOT NULL
---
SELECT eid, rp->>'$.bucketName', (rp->'$.bucketName')::varchar FROM r WHERE json_type(rp, '$.bucketName') = 'VARCHAR'
=== percentile of whole numbers | approx_percentile, integers
SELECT awsregion, approx_percentile(length(eventname), 1.0) AS longest, typeof(approx_percentile(length(eventname), 0.5)) AS kind FROM cloudtrail_logs GROUP BY 1
---
SELECT region, max(length(name)), 'BIGINT' FROM r GROUP BY 1
=== open ends | timestamps of the year 9999
SELECT count(*) AS n FROM cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) BETWEEN TIMESTAMP '2026-03-04 00:00:00' AND TIMESTAMP '9999-12-31 00:00:00' AND from_iso8601_timestamp(eventtime) < CAST('9999-12-31' AS TIMESTAMP)
---
SELECT count(*) FROM r WHERE t >= '2026-03-04'
=== Panther's macro | p_occurs_since
SELECT eventname, count(*) AS n FROM cloudtrail_logs WHERE p_occurs_since('36500 days') AND NOT p_occurs_since('1 day') GROUP BY 1
---
SELECT name, count(*) FROM r WHERE t > now() - interval 36500 day GROUP BY 1
=== any of a subquery | = ANY, <> ALL
SELECT eventname, count(*) AS n FROM cloudtrail_logs WHERE eventname = ANY (SELECT eventname FROM cloudtrail_logs WHERE errorcode = 'AccessDenied') AND eventsource <> ALL (SELECT eventsource FROM cloudtrail_logs WHERE eventname = 'GetObject') GROUP BY 1
---
SELECT name, count(*) FROM r WHERE name IN (SELECT name FROM r WHERE err = 'AccessDenied') AND src NOT IN (SELECT src FROM r WHERE name = 'GetObject') GROUP BY 1
=== rows among rows | row IN subquery
SELECT eventname, count(*) AS n FROM cloudtrail_logs WHERE (eventname, awsregion) IN (SELECT eventname, awsregion FROM cloudtrail_logs WHERE errorcode IS NOT NULL) GROUP BY 1
---
SELECT name, count(*) FROM r WHERE (name, region) IN (SELECT name, region FROM r WHERE err IS NOT NULL) GROUP BY 1
=== similar names | SIMILAR TO
SELECT eventname, count(*) AS n FROM cloudtrail_logs WHERE eventname SIMILAR TO '(Get|Put)%' AND eventname NOT SIMILAR TO 'Get' GROUP BY 1
---
SELECT name, count(*) FROM r WHERE name LIKE 'Get%' OR name LIKE 'Put%' GROUP BY 1
=== texts of times | cast to varchar
SELECT CAST(from_iso8601_timestamp(eventtime) AS VARCHAR) AS t, count(*) AS n FROM cloudtrail_logs WHERE CAST(from_iso8601_timestamp(eventtime) AS VARCHAR) < '2026-03-03' GROUP BY 1
---
SELECT strftime(t, '%Y-%m-%d %H:%M:%S.000'), count(*) FROM r WHERE t < '2026-03-03' GROUP BY 1
=== elements of a list | EXISTS over UNNEST, IN, count
SELECT eventname, count(*) AS n, sum((SELECT count(*) FROM UNNEST(resources) AS t(r) WHERE r.arn IS NOT NULL)) AS arns FROM cloudtrail_logs WHERE EXISTS (SELECT 1 FROM UNNEST(resources) AS t(r) WHERE r.type LIKE '%Bucket') AND 'AWS::S3::Bucket' IN (SELECT r.type FROM UNNEST(resources) AS t(r)) GROUP BY 1
---
WITH e AS (SELECT eid, name, unnest(res::json[]) AS x FROM r), n AS (SELECT eid, name, count(coalesce(x->>'ARN', x->>'arn')) AS arns, bool_or(x->>'type' = 'AWS::S3::Bucket') AS has FROM e GROUP BY ALL) SELECT name, count(*), sum(arns) FROM n WHERE has GROUP BY 1
