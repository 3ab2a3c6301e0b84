-- Queries for flat columns, as notebooks on DuckDB have them.
=== flat columns | mixed case
SELECT eventName, userIdentityArn, count(*) AS n FROM cloudtrail_events WHERE eventSource = 'iam.amazonaws.com' GROUP BY eventName, userIdentityArn ORDER BY n DESC
---
SELECT name, uarn, count(*) FROM r WHERE src = 'iam.amazonaws.com' GROUP BY 1, 2
=== json by dots and subscripts | requestParameters.a.items[0].b
SELECT eventId, requestParameters.ipPermissions.items[0].fromPort FROM cloudtrail_events WHERE eventName = 'AuthorizeSecurityGroupIngress' AND requestParameters.ipPermissions.items[0].ipProtocol = 'tcp'
---
SELECT eid, rp->>'$.ipPermissions.items[0].fromPort' FROM r WHERE name = 'AuthorizeSecurityGroupIngress' AND rp->>'$.ipPermissions.items[0].ipProtocol' = 'tcp'
=== json resources by subscript | json[n] from 0
SELECT eventId, resources[0].type AS t FROM cloudtrail_events WHERE eventName = 'GetObject'
---
SELECT eid, res->0->>'type' FROM r WHERE name = 'GetObject'
=== errors and not like | like, not like, !=, in
SELECT errorCode, count(*) FROM cloudtrail_events WHERE errorCode != '' AND userIdentityType IN ('IAMUser', 'AssumedRole') AND errorCode NOT LIKE 'Thrott%' GROUP BY errorCode
---
SELECT err, count(*) FROM r WHERE err != '' AND utype IN ('IAMUser', 'AssumedRole') AND err NOT LIKE 'Thrott%' GROUP BY 1
=== nested and flat sessions | flat and nested
SELECT userIdentitySessionContextSessionIssuerUserName AS a, userIdentity.sessionContext.sessionIssuer.userName AS b, count(*) FROM cloudtrail_events GROUP BY 1, 2
---
SELECT iname, iname, count(*) FROM r GROUP BY 1, 2
=== star | select star
SELECT count(*) FROM (SELECT * FROM cloudtrail_events WHERE eventTime >= '2026-03-04' AND readOnly = 'false')
---
SELECT count(*) FROM r WHERE t >= '2026-03-04' AND NOT ro
