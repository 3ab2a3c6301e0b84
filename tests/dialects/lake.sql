-- Queries for CloudTrail Lake's event data stores.
=== bare id | bare uuid as table name, mixed case
SELECT eventName, count(*) AS n FROM 1e23d5c8-90ab-4def-8123-456789abcdef WHERE eventTime > '2026-03-03 00:00:00' AND eventTime < '2026-03-04 00:00:00' GROUP BY eventName ORDER BY n DESC
---
SELECT name, count(*) FROM r WHERE t > '2026-03-03' AND t < '2026-03-04' GROUP BY 1
=== placeholder | $EDS_ID
SELECT count(*) FROM $EDS_ID WHERE userIdentity.type = 'Root' AND eventTime >= timestamp '2026-03-02 00:00:00'
---
SELECT count(*) FROM r WHERE utype = 'Root' AND t >= '2026-03-02'
=== placeholder with brackets | <EDS ID>
SELECT userIdentity.arn, count(*) AS n FROM <event data store id> GROUP BY userIdentity.arn
---
SELECT uarn, count(*) FROM r GROUP BY 1
=== element_at of a map | element_at
SELECT eventID, element_at(requestParameters, 'bucketName') AS bucket FROM event_data_store_ID WHERE element_at(requestParameters, 'bucketName') = 'data-012345678901'
---
SELECT eid, rp->>'$.bucketName' FROM r WHERE rp->>'$.bucketName' = 'data-012345678901'
=== element_at missing | element_at null
SELECT count(element_at(requestParameters, 'none')), count(element_at(additionalEventData, 'MFAUsed')), count(element_at(responseElements, 'ConsoleLogin')) FROM event_data_store
---
SELECT 0, count(ae->>'$.MFAUsed'), count(re->>'$.ConsoleLogin') FROM r
=== nested in a map | map values as compact json, like
SELECT eventID FROM 1e23d5c8-90ab-4def-8123-456789abcdef WHERE element_at(requestParameters, 'ipPermissions') LIKE '%"fromPort":22%'
---
SELECT eid FROM r WHERE (rp->'$.ipPermissions')::varchar LIKE '%"fromPort":22%'
=== json inside a map | json_extract_scalar, json_array_get, json_extract, json_array_length
SELECT eventID, json_extract_scalar(element_at(requestParameters, 'ipPermissions'), '$.items[0].toPort') AS p, json_extract_scalar(json_array_get(json_extract(element_at(requestParameters, 'ipPermissions'), '$.items'), 0), '$.ipProtocol') AS proto, json_array_length(json_extract(element_at(requestParameters, 'ipPermissions'), '$.items')) AS n FROM event_data_store_1 WHERE eventName = 'AuthorizeSecurityGroupIngress'
---
SELECT eid, rp->>'$.ipPermissions.items[0].toPort', rp->>'$.ipPermissions.items[0].ipProtocol', json_array_length(rp->'$.ipPermissions.items') FROM r WHERE name = 'AuthorizeSecurityGroupIngress'
=== json_array_get from the end | json_array_get
SELECT DISTINCT json_array_get('[1, "b", {"c": 2}]', 0), json_array_get('[1, "b"]', -1), json_array_get('[1]', 5) FROM event_data_store
---
SELECT '1', '"b"', NULL
=== resources | element_at of a list, field of a function
SELECT eventID, element_at(resources, 1).arn AS a, element_at(resources, 2).type AS t FROM event_data_store WHERE eventSource = 's3.amazonaws.com' AND cardinality(resources) > 1
---
SELECT eid, coalesce(res->0->>'ARN', res->0->>'arn'), res->1->>'type' FROM r WHERE src = 's3.amazonaws.com' AND json_array_length(res) > 1
=== resources by subscript | a[1].x
SELECT resources[1].type, count(*) FROM event_data_store GROUP BY resources[1].type
---
SELECT res->0->>'type', count(*) FROM r GROUP BY 1
=== booleans | boolean columns
SELECT count(*) FROM event_data_store WHERE readOnly = false AND managementEvent = true AND NOT readonly
---
SELECT count(*) FROM r WHERE NOT ro AND mgmt
=== booleans as text | boolean = 'true'
SELECT count(*) FROM event_data_store WHERE readOnly = 'false' AND managementEvent = 'true'
---
SELECT count(*) FROM r WHERE NOT ro AND mgmt
=== console credentials | varchar = true
SELECT count(*) FROM event_data_store WHERE sessionCredentialFromConsole = true OR sessionCredentialFromConsole = 'true'
---
SELECT count(*) FROM r WHERE j->>'$.sessionCredentialFromConsole' = 'true'
=== date_add now | date_add, now, current_timestamp
SELECT count(*) FROM event_data_store WHERE eventTime > date_add('year', -30, now()) AND eventTime <= current_timestamp
---
SELECT count(*) FROM r
=== date functions | date, date_trunc, day_of_week, minute, date_format
SELECT date(eventTime) AS d, day_of_week(eventTime) AS w, minute(eventTime) AS m, date_trunc('day', eventTime) AS t, date_format(eventTime, '%Y/%m/%d %T') AS f FROM event_data_store WHERE eventName = 'StopLogging'
---
SELECT day, isodow(t), minute(t), date_trunc('day', t), strftime(t, '%Y/%m/%d %H:%M:%S') FROM r WHERE name = 'StopLogging'
=== slots of five minutes | from_unixtime, to_unixtime, floor
SELECT from_unixtime(floor(to_unixtime(eventTime) / 300) * 300) AS slot, count(*) AS n FROM event_data_store WHERE eventName = 'GetObject' GROUP BY from_unixtime(floor(to_unixtime(eventTime) / 300) * 300)
---
SELECT to_timestamp(floor(epoch(t) / 300) * 300)::timestamp, count(*) FROM r WHERE name = 'GetObject' GROUP BY 1
=== count_if and approx_distinct | count_if, approx_distinct
SELECT eventSource, count_if(errorCode IS NOT NULL) AS e, count_if(errorCode = 'AccessDenied') AS d FROM event_data_store GROUP BY eventSource
---
SELECT src, count(*) FILTER (WHERE err IS NOT NULL), count(*) FILTER (WHERE err = 'AccessDenied') FROM r GROUP BY 1
=== left join and union | left join, union, union all
SELECT a.eventID FROM event_data_store a LEFT JOIN event_data_store b ON a.sharedEventID = b.sharedEventID AND a.eventID <> b.eventID WHERE b.eventID IS NOT NULL UNION SELECT eventID FROM event_data_store WHERE eventName = 'StopLogging'
---
SELECT a.eid FROM r a JOIN r b ON a.j->>'$.sharedEventID' = b.j->>'$.sharedEventID' AND a.eid <> b.eid UNION SELECT eid FROM r WHERE name = 'StopLogging'
=== mfa and three levels | struct access 3 levels
SELECT userIdentity.sessionContext.sessionIssuer.userName, userIdentity.sessionContext.attributes.mfaAuthenticated, count(*) FROM event_data_store WHERE userIdentity.sessionContext.sessionIssuer.type = 'Role' GROUP BY 1, 2
---
SELECT iname, mfa, count(*) FROM r WHERE itype = 'Role' GROUP BY 1, 2
=== on behalf of | struct access
SELECT userIdentity.onBehalfOf.userId, count(*) FROM event_data_store WHERE userIdentity.onBehalfOf.userId IS NOT NULL GROUP BY 1
---
SELECT ui->>'$.onBehalfOf.userId', count(*) FROM r WHERE ui->>'$.onBehalfOf.userId' IS NOT NULL GROUP BY 1
=== map functions | map_keys, cardinality, array_distinct
SELECT array_join(array_sort(map_keys(requestParameters)), ',') AS keys, count(*) FROM event_data_store WHERE eventSource = 's3.amazonaws.com' AND requestParameters IS NOT NULL GROUP BY 1
---
SELECT array_to_string(list_sort(json_keys(rp)), ','), count(*) FROM r WHERE src = 's3.amazonaws.com' AND rp IS NOT NULL AND json_type(rp) = 'OBJECT' GROUP BY 1
=== event json | eventjson
SELECT eventID, json_extract_scalar(eventJson, '$.userIdentity.arn') AS arn, json_extract_scalar(eventJson, '$.eventName') AS n FROM event_data_store WHERE eventName = 'CreateUser'
---
SELECT eid, uarn, name FROM r WHERE name = 'CreateUser'
=== substring and position | substr, strpos, replace
SELECT substr(userIdentity.arn, strpos(userIdentity.arn, '/') + 1) AS name, count(*) FROM event_data_store WHERE userIdentity.type = 'IAMUser' GROUP BY substr(userIdentity.arn, strpos(userIdentity.arn, '/') + 1)
---
SELECT substr(uarn, instr(uarn, '/') + 1), count(*) FROM r WHERE utype = 'IAMUser' GROUP BY 1
=== regexp and in | regexp_like, in, not like, having
SELECT awsRegion, count(*) AS n FROM event_data_store WHERE regexp_like(eventName, 'Get|List') AND eventSource IN ('kms.amazonaws.com', 'iam.amazonaws.com', 's3.amazonaws.com') AND userAgent NOT LIKE '%Console%' GROUP BY awsRegion HAVING count(*) > 1
---
SELECT region, count(*) FROM r WHERE regexp_matches(name, 'Get|List') AND src IN ('kms.amazonaws.com', 'iam.amazonaws.com', 's3.amazonaws.com') AND ua NOT LIKE '%Console%' GROUP BY 1 HAVING count(*) > 1
=== distinct with order | distinct, order by struct field
SELECT DISTINCT userIdentity.type, eventCategory FROM event_data_store ORDER BY userIdentity.type
---
SELECT DISTINCT utype, cat FROM r
=== insights | map of insights
SELECT element_at(insightDetails, 'insightType') AS t, element_at(insightDetails, 'state') AS s, count(*) FROM event_data_store WHERE eventCategory = 'Insight' GROUP BY 1, 2
---
SELECT j->>'$.insightDetails.insightType', j->>'$.insightDetails.state', count(*) FROM r WHERE cat = 'Insight' GROUP BY 1, 2
=== subquery | subquery in from, coalesce, abs
SELECT d, abs(-1 * n) AS n FROM (SELECT date(eventTime) AS d, count(*) AS n FROM event_data_store GROUP BY date(eventTime)) WHERE n > 0
---
SELECT day, count(*) FROM r GROUP BY 1
=== arn of the store | from arn
SELECT eventName, count(*) FROM arn:aws:cloudtrail:eu-central-1:012345678901:eventdatastore/1e23d5c8-90ab-4def-8123-456789abcdef WHERE eventSource = 'kms.amazonaws.com' GROUP BY 1
---
SELECT name, count(*) FROM r WHERE src = 'kms.amazonaws.com' GROUP BY 1
=== arn of the store in quotes | from "arn"
SELECT count(*) FROM "arn:aws:cloudtrail:eu-central-1:012345678901:eventdatastore/1e23d5c8-90ab-4def-8123-456789abcdef" WHERE date_trunc('day', eventTime) = DATE '2026-03-03'
---
SELECT count(*) FROM r WHERE t::date = '2026-03-03'
=== an id as AWS writes it in examples | hyphens in a store's name
SELECT eventname, count(*) FROM EXAMPLEf852-4e8f-8bd1-bcf6cEXAMPLE WHERE eventsource = 's3.amazonaws.com' GROUP BY eventname UNION SELECT 'none', 0 FROM eds-ID
---
SELECT name, count(*) FROM r WHERE src = 's3.amazonaws.com' GROUP BY 1 UNION SELECT 'none', 0
=== distinct values of several kinds | count(distinct)
SELECT useridentity.principalid, count(DISTINCT awsregion), count(DISTINCT eventname), max(eventtime) FROM $EDS_ID GROUP BY useridentity.principalid HAVING count(DISTINCT eventname) > 2
---
SELECT upid, count(DISTINCT region), count(DISTINCT name), max(t) FROM r GROUP BY 1 HAVING count(DISTINCT name) > 2
=== dots behind maps | requestParameters.name, element_at with a column
SELECT eventid, requestParameters.bucketName AS b, element_at(requestParameters, k) AS c FROM (SELECT *, lower('BUCKET') || 'Name' AS k FROM $EDS_ID) WHERE eventsource = 's3.amazonaws.com'
---
SELECT eid, rp->>'$.bucketName', rp->>'$.bucketName' FROM r WHERE src = 's3.amazonaws.com'
=== a map under another name | dots behind aliases of maps
SELECT t.rp.bucketName AS b, count(*) AS n FROM (SELECT requestParameters AS rp FROM $EDS_ID) t GROUP BY t.rp.bucketName
---
SELECT rp->>'bucketName', count(*) FROM r GROUP BY 1
=== fields of rows by number | map_entries(m)[1][1]
SELECT eventid, map_entries(requestParameters)[1][1] AS k FROM $EDS_ID WHERE eventname = 'GetObject'
---
SELECT eid, json_keys(rp)[1] FROM r WHERE name = 'GetObject'
