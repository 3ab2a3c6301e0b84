-- Queries for Tailpipe's table.
=== star with fields before it | select exprs, *
SELECT count(*) FROM (SELECT tp_timestamp AS timestamp, string_split(event_source, '.')[1] || ':' || event_name AS operation, user_identity.arn AS actor, tp_source_ip AS source_ip, tp_index AS account_id, aws_region AS region, tp_id AS source_id, * FROM aws_cloudtrail_log WHERE event_name = 'CreateAccessKey')
---
SELECT count(*) FROM r WHERE name = 'CreateAccessKey'
=== operation | string_split, subscript, concatenation
SELECT string_split(event_source, '.')[1] || ':' || event_name AS operation, count(*) AS n FROM aws_cloudtrail_log GROUP BY operation ORDER BY n DESC
---
SELECT string_split(src, '.')[1] || ':' || name, count(*) FROM r GROUP BY 1
=== arrow as text | ->>, is not null
SELECT event_id, request_parameters ->> 'bucketName' AS bucket FROM aws_cloudtrail_log WHERE event_source = 's3.amazonaws.com' AND request_parameters ->> 'bucketName' = 'data-012345678901'
---
SELECT eid, rp->>'$.bucketName' FROM r WHERE src = 's3.amazonaws.com' AND rp->>'$.bucketName' = 'data-012345678901'
=== chained arrows | ->, array index
SELECT event_id, request_parameters -> 'ipPermissions' -> 'items' -> 0 ->> 'fromPort' AS p, (request_parameters -> 'ipPermissions' -> 'items' -> 0 -> 'ipRanges' -> 'items' -> 0 ->> 'cidrIp') AS c FROM aws_cloudtrail_log WHERE event_name = 'AuthorizeSecurityGroupIngress'
---
SELECT eid, rp->>'$.ipPermissions.items[0].fromPort', rp->>'$.ipPermissions.items[0].ipRanges.items[0].cidrIp' FROM r WHERE name = 'AuthorizeSecurityGroupIngress'
=== arrow compared with a truth | -> = false
SELECT count(*) FROM aws_cloudtrail_log WHERE (request_parameters -> 'allowUnauthenticatedIdentities') = true
---
SELECT count(*) FROM r WHERE rp->>'$.allowUnauthenticatedIdentities' = 'true'
=== arrow compared with a number | ->> with a number
SELECT count(*) FROM aws_cloudtrail_log WHERE (additional_event_data ->> 'bytesTransferredOut') > 50000
---
SELECT count(*) FROM r WHERE (ae->>'$.bytesTransferredOut')::double > 50000
=== arrow in a list | ->> in, like, ilike
SELECT event_id FROM aws_cloudtrail_log WHERE additional_event_data ->> 'MFAUsed' IN ('No', 'no') AND event_name ILIKE 'consolelogin' AND response_elements ->> 'ConsoleLogin' LIKE 'Suc%'
---
SELECT eid FROM r WHERE ae->>'$.MFAUsed' IN ('No', 'no') AND name ILIKE 'consolelogin' AND re->>'$.ConsoleLogin' LIKE 'Suc%'
=== arrow with a path | -> '$.a.b'
SELECT request_parameters ->> '$.bucketPolicy.Version' AS v, request_parameters -> '/bucketPolicy/Statement/0' ->> 'Effect' AS e, count(*) FROM aws_cloudtrail_log WHERE event_name = 'PutBucketPolicy' GROUP BY 1, 2
---
SELECT rp->>'$.bucketPolicy.Version', rp->>'$.bucketPolicy.Statement[0].Effect', count(*) FROM r WHERE name = 'PutBucketPolicy' GROUP BY 1, 2
=== json_contains | json_contains
SELECT count(*) FROM aws_cloudtrail_log WHERE json_contains(request_parameters, '"tcp"') OR json_contains(request_parameters -> 'ipPermissions' -> 'items', '{"fromPort": 22}')
---
SELECT count(*) FROM r WHERE json_contains(rp, '"tcp"') OR json_contains(rp->'$.ipPermissions.items', '{"fromPort": 22}')
=== json_extract_string | json_extract_string
SELECT json_extract_string(request_parameters, '$.groupId') AS g, count(*) FROM aws_cloudtrail_log WHERE json_extract_string(request_parameters, 'groupId') IS NOT NULL GROUP BY 1
---
SELECT rp->>'$.groupId', count(*) FROM r WHERE rp->>'$.groupId' IS NOT NULL GROUP BY 1
=== json_keys | json_keys
SELECT json_keys(request_parameters) AS k, count(*) FROM aws_cloudtrail_log WHERE event_name = 'GetObject' GROUP BY 1
---
SELECT json_keys(rp), count(*) FROM r WHERE name = 'GetObject' GROUP BY 1
=== from_json | from_json, unnest in the select list
SELECT event_id, unnest(from_json(request_parameters -> 'ipPermissions' -> 'items', '["JSON"]')) ->> 'ipProtocol' AS p FROM aws_cloudtrail_log WHERE event_name = 'RevokeSecurityGroupIngress'
---
SELECT eid, x->>'ipProtocol' FROM (SELECT eid, unnest((rp->'$.ipPermissions.items')::json[]) AS x FROM r WHERE name = 'RevokeSecurityGroupIngress')
=== comma unnest | comma unnest in from
SELECT event_id, item ->> 'fromPort' AS p FROM aws_cloudtrail_log, unnest(from_json((request_parameters -> 'ipPermissions' -> 'items'), '["JSON"]')) AS t(item) WHERE event_name = 'AuthorizeSecurityGroupIngress'
---
SELECT eid, x->>'fromPort' FROM (SELECT eid, unnest((rp->'$.ipPermissions.items')::json[]) AS x FROM r WHERE name = 'AuthorizeSecurityGroupIngress')
=== json of a struct | json(struct)
SELECT event_id, json(user_identity) ->> 'arn' AS a, json(user_identity) ->> '$.session_context.session_issuer.user_name' AS i FROM aws_cloudtrail_log WHERE event_name = 'CreateUser'
---
SELECT eid, uarn, iname FROM r WHERE name = 'CreateUser'
=== typeof | typeof
SELECT DISTINCT typeof(event_name), typeof(read_only) FROM aws_cloudtrail_log
---
SELECT 'VARCHAR', 'BOOLEAN'
=== inet | inet type, <<= operator
SELECT count(*) FROM aws_cloudtrail_log WHERE source_ip_address NOT LIKE '%.com' AND source_ip_address::inet <<= '198.51.100.0/24'::inet
---
SELECT count(*) FROM r WHERE ip LIKE '198.51.100.%'
=== inet negated | not <<=
SELECT count(*) FROM aws_cloudtrail_log WHERE tp_source_ip IS NOT NULL AND NOT (tp_source_ip::inet <<= '198.51.100.0/24'::inet) AND NOT (tp_source_ip::inet <<= '10.0.0.0/8'::inet)
---
SELECT count(*) FROM r WHERE regexp_matches(ip, '^[0-9.]+$|:') AND ip NOT LIKE '198.51.100.%' AND ip NOT LIKE '10.%'
=== in a list column | in list-column
SELECT count(*) FROM aws_cloudtrail_log WHERE source_ip_address IN tp_ips
---
SELECT count(*) FROM r WHERE ip IS NOT NULL
=== services as addresses | tp_source_ip, tp_ips
SELECT tp_source_ip, len(tp_ips) AS n, count(*) AS calls FROM aws_cloudtrail_log GROUP BY 1, 2
---
SELECT ip, CASE WHEN ip IS NOT NULL THEN 1 END, count(*) FROM r GROUP BY 1, 2
=== names of users | tp_usernames
SELECT unnest(tp_usernames) AS name, count(*) AS n FROM aws_cloudtrail_log GROUP BY 1
---
SELECT x, count(*) FROM (SELECT unnest(list_filter([CASE WHEN ukey LIKE 'AKIA%' THEN ukey END, uname], lambda x: x IS NOT NULL)) AS x FROM r) GROUP BY 1
=== shares | / of whole numbers, //
SELECT event_source, count(error_code) / count(*) AS share, count(*) // 7 AS weeks, 100 * count(error_code) / count(*) > 10 AS bad FROM aws_cloudtrail_log GROUP BY 1
---
SELECT src, count(err) / count(*), count(*) // 7, 100 * count(err) / count(*) > 10 FROM r GROUP BY 1
=== casts of fractions | ::int of doubles and decimals
SELECT event_id, (length(event_name) / 2)::int AS a, CAST(length(event_name) * 0.7e0 AS BIGINT) AS b, 2.5::int AS c, (-3.5)::int AS d FROM aws_cloudtrail_log WHERE event_source = 'iam.amazonaws.com'
---
SELECT eid, (length(name) / 2)::int, CAST(length(name) * 0.7e0 AS BIGINT), 2.5::int, (-3.5)::int FROM r WHERE src = 'iam.amazonaws.com'
=== parts of names | substr from the end, lambda x:, ^@
SELECT DISTINCT event_name, substr(event_name, -9, 3) AS a, substr(event_name, -40, 35) AS b, event_name ^@ 'Get' AS c, list_transform([event_name], lambda x: x || '!')[1] AS d FROM aws_cloudtrail_log
---
SELECT DISTINCT name, substr(name, -9, 3), substr(name, -40, 35), name ^@ 'Get', name || '!' FROM r
=== backslashes in patterns | like
SELECT count(*) AS n FROM aws_cloudtrail_log WHERE user_agent LIKE '%\%' OR user_agent LIKE '%!_%' ESCAPE '!' OR user_agent NOT ILIKE 'AWS$-%' ESCAPE '$'
---
SELECT count(*) FROM r WHERE ua LIKE '%\%' OR ua LIKE '%!_%' ESCAPE '!' OR ua NOT ILIKE 'AWS$-%' ESCAPE '$'
=== days of the week from Sunday | extract
SELECT extract(dow FROM tp_timestamp) AS d, dayofweek(tp_timestamp) AS e, extract(doy FROM tp_timestamp) AS f, count(*) AS n FROM aws_cloudtrail_log GROUP BY 1, 2, 3
---
SELECT extract(dow FROM t), dayofweek(t), dayofyear(t), count(*) FROM r GROUP BY 1, 2, 3
=== semi join | semi join, anti join
SELECT count(*) AS n FROM aws_cloudtrail_log a SEMI JOIN aws_cloudtrail_log b ON a.event_name = b.event_name AND b.error_code IS NOT NULL
---
SELECT count(*) FROM r WHERE name IN (SELECT name FROM r WHERE err IS NOT NULL)
=== group by with a trailing comma | trailing comma in a list
SELECT event_name, user_identity.type, count(*) AS n, FROM aws_cloudtrail_log GROUP BY event_name, user_identity.type, ORDER BY n DESC
---
SELECT name, utype, count(*) FROM r GROUP BY 1, 2
=== bare boolean | boolean column used bare
SELECT count(*) FROM aws_cloudtrail_log WHERE not read_only AND management_event
---
SELECT count(*) FROM r WHERE NOT ro AND mgmt
=== boolean as text | boolean = 'false'
SELECT count(*) FROM aws_cloudtrail_log WHERE read_only = 'false' AND user_identity.session_context.attributes.mfa_authenticated = false
---
SELECT count(*) FROM r WHERE NOT ro AND mfa = 'false'
=== date partition | tp_date, tp_index, date literal, interval
SELECT tp_date, count(*) FROM aws_cloudtrail_log WHERE tp_date >= date '2026-03-03' - interval '1 day' AND tp_index = '012345678901' GROUP BY tp_date
---
SELECT day, count(*) FROM r WHERE day >= '2026-03-02' AND acct = '012345678901' GROUP BY 1
=== date_trunc and casts | date_trunc, ::type
SELECT date_trunc('hour', tp_timestamp) AS h, count(*)::varchar AS n FROM aws_cloudtrail_log WHERE error_code IS NOT NULL GROUP BY date_trunc('hour', tp_timestamp)
---
SELECT date_trunc('hour', t), count(*)::varchar FROM r WHERE err IS NOT NULL GROUP BY 1
=== strftime and epoch | strftime, epoch_ms, extract
SELECT strftime(event_time, '%Y-%m-%d %H') AS h, min(epoch_ms(event_time)) AS ms, extract(hour FROM event_time) AS x, extract('minute' from min(event_time)) AS m FROM aws_cloudtrail_log WHERE event_name = 'StopLogging' GROUP BY strftime(event_time, '%Y-%m-%d %H'), extract(hour FROM event_time)
---
SELECT strftime(t, '%Y-%m-%d %H'), min(epoch_ms(t)), hour(t), minute(min(t)) FROM r WHERE name = 'StopLogging' GROUP BY 1, 3
=== boundaries as conditions | date_diff of DuckDB
SELECT event_id FROM aws_cloudtrail_log WHERE date_diff('day', event_time, timestamp '2026-03-04 10:00:00') <= 1 AND date_diff('hour', timestamp '2026-03-04 06:30:00', event_time) >= -5 AND date_diff('week', timestamp '2026-02-24 12:00:00', event_time) = 1
---
SELECT eid FROM r WHERE date_diff('day', t, timestamp '2026-03-04 10:00:00') <= 1 AND date_diff('hour', timestamp '2026-03-04 06:30:00', t) >= -5 AND date_diff('week', timestamp '2026-02-24 12:00:00', t) = 1
=== date_diff | date_diff of DuckDB
SELECT event_id, date_diff('day', timestamp '2026-03-01 23:59:59', event_time) AS d, date_diff('hour', timestamp '2026-03-01 23:59:59', event_time) AS h, date_diff('week', timestamp '2026-02-25 23:59:59', event_time) AS w, date_diff('week', event_time, timestamp '2026-02-25 23:59:59') AS b FROM aws_cloudtrail_log WHERE event_name = 'StopLogging'
---
SELECT eid, date_diff('day', timestamp '2026-03-01 23:59:59', t), date_diff('hour', timestamp '2026-03-01 23:59:59', t), date_diff('week', timestamp '2026-02-25 23:59:59', t), date_diff('week', t, timestamp '2026-02-25 23:59:59') FROM r WHERE name = 'StopLogging'
=== with and distinct on | cte, distinct on
WITH x AS (SELECT DISTINCT ON (event_name) event_name, event_id FROM aws_cloudtrail_log WHERE event_source = 'iam.amazonaws.com' ORDER BY event_name, event_time DESC, event_id) SELECT * FROM x
---
SELECT DISTINCT ON (name) name, eid FROM r WHERE src = 'iam.amazonaws.com' ORDER BY name, t DESC, eid
=== union and in subquery | union all, in (subquery)
SELECT event_name FROM aws_cloudtrail_log WHERE user_identity.arn IN (SELECT user_identity.arn FROM aws_cloudtrail_log WHERE event_name = 'StopLogging') UNION ALL SELECT error_code FROM aws_cloudtrail_log WHERE error_code = 'AccessDenied'
---
SELECT name FROM r WHERE uarn IN (SELECT uarn FROM r WHERE name = 'StopLogging') UNION ALL SELECT err FROM r WHERE err = 'AccessDenied'
=== regexp | regexp_matches, regexp_extract
SELECT regexp_extract(user_identity.arn, 'user/(.+)$', 1) AS u, count(*) FROM aws_cloudtrail_log WHERE regexp_matches(event_name, '^Get') AND user_identity.arn IS NOT NULL GROUP BY 1
---
SELECT regexp_extract(uarn, 'user/(.+)$', 1), count(*) FROM r WHERE regexp_matches(name, '^Get') AND uarn IS NOT NULL GROUP BY 1
=== resources | list of structs
SELECT event_id, resources[1].arn AS a, len(resources) AS n FROM aws_cloudtrail_log WHERE event_name = 'PutObject'
---
SELECT eid, coalesce(res->0->>'ARN', res->0->>'arn'), json_array_length(res) FROM r WHERE name = 'PutObject'
=== coalesce and try_cast | coalesce, try_cast, nulls last
SELECT coalesce(user_identity.user_name, user_identity.session_context.session_issuer.user_name) AS who, max(try_cast(additional_event_data ->> 'bytesTransferredOut' AS bigint)) AS b FROM aws_cloudtrail_log GROUP BY 1 ORDER BY b DESC, who LIMIT 3
---
SELECT coalesce(uname, iname), max(try_cast(ae->>'$.bytesTransferredOut' AS bigint)) AS b FROM r GROUP BY 1 ORDER BY b DESC NULLS LAST, 1 NULLS LAST LIMIT 3
=== list aggregate | list, any_value, count_if, string_agg
SELECT aws_region, count_if(error_code IS NOT NULL) AS e, string_agg(DISTINCT event_category, '+' ORDER BY event_category) AS c FROM aws_cloudtrail_log GROUP BY ALL
---
SELECT region, count_if(err IS NOT NULL), string_agg(DISTINCT cat, '+' ORDER BY cat) FROM r GROUP BY 1
=== json member by dot | field access on a JSON column
SELECT count(*) FROM aws_cloudtrail_log WHERE request_parameters.bucketName = 'data-111122223333'
---
SELECT count(*) FROM r WHERE rp->>'$.bucketName' = 'data-111122223333'
=== akas | tp columns
SELECT count(*) FROM aws_cloudtrail_log WHERE list_contains(tp_akas, 'arn:aws:s3:::data-012345678901') AND tp_source_type IS NOT NULL
---
SELECT count(DISTINCT eid) FROM (SELECT eid, unnest(res::json[]) AS x FROM r) WHERE coalesce(x->>'ARN', x->>'arn') = 'arn:aws:s3:::data-012345678901'
=== from first | from first, exclude
FROM aws_cloudtrail_log SELECT event_name, len(event_name), strlen(user_agent), len(list_value(1, 2)) WHERE event_source = 'kms.amazonaws.com'
---
SELECT name, len(name), strlen(ua), 2 FROM r WHERE src = 'kms.amazonaws.com'
=== columns but some | exclude, replace
SELECT * EXCLUDE (region) FROM (SELECT aws_region AS region, upper(event_name) AS n FROM aws_cloudtrail_log WHERE event_source = 'kms.amazonaws.com')
---
SELECT upper(name) FROM r WHERE src = 'kms.amazonaws.com'
=== buckets of time | time_bucket, list
SELECT time_bucket(INTERVAL '6 hours', tp_timestamp) AS b, count(*), time_bucket(INTERVAL '7 days', min(tp_timestamp)), time_bucket(INTERVAL '1 month', min(tp_timestamp)), array_length(list(event_name)) FROM aws_cloudtrail_log GROUP BY b
---
SELECT time_bucket(INTERVAL '6 hours', t), count(*), time_bucket(INTERVAL '7 days', min(t)), time_bucket(INTERVAL '1 month', min(t)), count(*) FROM r GROUP BY 1
=== days as text | strftime
SELECT count(*) FROM aws_cloudtrail_log WHERE strftime(tp_timestamp, '%Y-%m-%d') IN ('2026-03-03', '2026-03-04') AND event_time LIKE '2026-03-0%' AND substr(event_time, 1, 13) <> '2026-03-03T10'
---
SELECT count(*) FROM r WHERE ts[1:10] IN ('2026-03-03', '2026-03-04') AND ts[1:13] <> '2026-03-03T10'
=== arrows on a struct | ->>, struct
SELECT user_identity ->> 'type', (user_identity ->> 'nosuch') IS NULL, count(*) FROM aws_cloudtrail_log WHERE (user_identity ->> 'type') != 'Root' GROUP BY ALL
---
SELECT utype, true, count(*) FROM r WHERE utype <> 'Root' GROUP BY ALL
=== unnested JSON as DuckDB names it | unnest, trailing comma
SELECT event_id, (item -> 'unnest') ->> 'type', item.unnest ->> 'account_id' FROM aws_cloudtrail_log, unnest(from_json(to_json(resources), '["JSON"]')) AS item WHERE event_source = 's3.amazonaws.com'
---
SELECT eid, e->>'type', e->>'accountId' FROM (SELECT eid, unnest(res::json[]) AS e FROM r WHERE src = 's3.amazonaws.com')
=== values in a bracketed list | in
SELECT count(*) FROM aws_cloudtrail_log WHERE 'all' IN ['all', 'b'] AND event_source NOT IN ['s3.amazonaws.com', 'ec2.amazonaws.com']
---
SELECT count(*) FROM r WHERE src NOT IN ('s3.amazonaws.com', 'ec2.amazonaws.com')
=== JSON cast and compared as what it holds | casts of ->, comparisons of ->
SELECT event_id, (request_parameters -> 'maxResults')::int, (request_parameters -> 'maxResults') > 5 FROM aws_cloudtrail_log WHERE (request_parameters -> 'maxResults') IS NOT NULL OR (request_parameters -> 'bucketName') = 'no JSON'
---
SELECT eid, (rp->>'maxResults')::int, (rp->>'maxResults')::int > 5 FROM r WHERE rp->>'maxResults' IS NOT NULL
=== blanks of a web page | no-break space
SELECT event_name AS name, count(*) FROM aws_cloudtrail_log WHERE event_name LIKE '% %' OR aws_region = 'us-east-1' GROUP BY name
---
SELECT name, count(*) FROM r WHERE name LIKE '% %' OR region = 'us-east-1' GROUP BY 1
=== lists in lists, each called item | unnest, trailing comma, with
WITH buckets AS (SELECT *, (item -> 'unnest') AS resource FROM aws_cloudtrail_log, unnest(from_json(to_json(resources), '["JSON"]')) AS item WHERE event_source = 's3.amazonaws.com'), again AS (SELECT * FROM buckets, unnest(from_json(to_json(resources), '["JSON"]')) AS item, WHERE (item -> 'unnest' ->> 'type') = 'AWS::S3::Bucket') SELECT event_id, resource ->> 'type' FROM again
---
SELECT eid, f->>'type' FROM (SELECT eid, e, unnest(res::json[]) AS f FROM (SELECT eid, res, unnest(res::json[]) AS e FROM r WHERE src = 's3.amazonaws.com')) WHERE e->>'type' = 'AWS::S3::Bucket'
=== paths with stars | json -> '$.a[*]', json_extract
SELECT event_id, request_parameters -> '$.ipPermissions.items[*].ipProtocol' AS p, request_parameters ->> '$.ipPermissions.items[*].ipProtocol' AS t, json_extract(request_parameters, '$..cidrIp') AS c FROM aws_cloudtrail_log WHERE event_name = 'AuthorizeSecurityGroupIngress'
---
SELECT eid, rp -> '$.ipPermissions.items[*].ipProtocol', rp ->> '$.ipPermissions.items[*].ipProtocol', json_extract(rp, '$..cidrIp') FROM r WHERE name = 'AuthorizeSecurityGroupIngress'
=== elements of JSON as rows | unnest(json -> '$.a[*]')
SELECT event_id, item ->> 'fromPort' AS port FROM (SELECT event_id, unnest(request_parameters -> '$.ipPermissions.items[*]') AS item FROM aws_cloudtrail_log)
---
SELECT eid, item ->> 'fromPort' FROM (SELECT eid, unnest(rp -> '$.ipPermissions.items[*]') AS item FROM r)
=== elements of JSON by casts | ::JSON[], array_length
SELECT event_id, unnest((request_parameters -> 'ipPermissions' -> 'items')::JSON[]) ->> 'toPort' AS port, array_length((request_parameters -> 'ipPermissions' -> 'items')::JSON[]) AS n FROM aws_cloudtrail_log
---
SELECT eid, unnest((rp -> 'ipPermissions' -> 'items')::JSON[]) ->> 'toPort', len((rp -> 'ipPermissions' -> 'items')::JSON[]) FROM r
=== length of a JSON array | array_length(json)
SELECT event_id, array_length(request_parameters -> 'ipPermissions' -> 'items') AS n FROM aws_cloudtrail_log WHERE event_name = 'AuthorizeSecurityGroupIngress'
---
SELECT eid, json_array_length(rp, '$.ipPermissions.items') FROM r WHERE name = 'AuthorizeSecurityGroupIngress'
=== halves | '2.5'::int, json::int
SELECT DISTINCT '2.5'::int AS a, '-3.5'::bigint AS b, ('{"a": 2.5}'::json -> 'a')::int AS c, ('{"a": -3.5}'::json -> 'a')::int AS d, ('{"a": "7"}'::json -> 'a')::int AS e, ('{"a": 2.5}'::json ->> 'a')::int AS f FROM aws_cloudtrail_log
---
SELECT DISTINCT '2.5'::int, '-3.5'::bigint, ('{"a": 2.5}'::json -> 'a')::int, ('{"a": -3.5}'::json -> 'a')::int, ('{"a": "7"}'::json -> 'a')::int, ('{"a": 2.5}'::json ->> 'a')::int FROM r
=== by all columns | group by all, order by all
SELECT aws_region, event_name, count(*) AS n FROM aws_cloudtrail_log GROUP BY ALL ORDER BY ALL
---
SELECT region, name, count(*) FROM r GROUP BY ALL ORDER BY ALL
=== most frequent | mode(x)
SELECT mode(event_category) AS c, mode(user_identity.type) FILTER (WHERE event_name = 'GetObject') AS t FROM aws_cloudtrail_log
---
SELECT mode(cat), mode(utype) FILTER (WHERE name = 'GetObject') FROM r
=== parts in brackets | x[1:3] of texts and lists
SELECT event_name[1:3] AS a, event_name[-4:] AS b, event_name[:-3] AS c, string_split(event_source, '.')[2:] AS d, count(*) AS n FROM aws_cloudtrail_log GROUP BY ALL
---
SELECT name[1:3], name[-4:], name[:-3], string_split(src, '.')[2:], count(*) FROM r GROUP BY ALL
=== patterns of shells | GLOB
SELECT event_name, count(*) AS n FROM aws_cloudtrail_log WHERE event_name GLOB 'Get*' OR event_name GLOB '[DL]*t[!a-z]*' AND event_name NOT GLOB '*?s' GROUP BY 1
---
SELECT name, count(*) FROM r WHERE name GLOB 'Get*' OR name GLOB '[DL]*t[!a-z]*' AND name NOT GLOB '*?s' GROUP BY 1
=== names of the select | aliases in WHERE
SELECT lower(event_name) AS n, n || '!' AS m, event_id FROM aws_cloudtrail_log WHERE n LIKE 'get%' AND m <> 'getobject!'
---
SELECT lower(name), lower(name) || '!', eid FROM r WHERE lower(name) LIKE 'get%' AND lower(name) <> 'getobject'
=== lists made of lists | [x for x in list if …]
SELECT event_id, [upper(x) for x in string_split(event_source, '.') if x <> 'com'] AS parts FROM aws_cloudtrail_log
---
SELECT eid, [upper(x) for x in string_split(src, '.') if x <> 'com'] FROM r
