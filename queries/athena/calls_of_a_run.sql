-- Which calls did a deploy make: each distinct one, with how often, when first and last, and three of its events.
--
-- Change the four values of the WHERE. `via` is the service that made the call for the principal. Forwarded calls have
-- the principal's own ARN, but the calls of roles that it assumed, passed to CloudFormation or gave to functions have
-- theirs: `tracer run --from athena:DATABASE.cloudtrail_logs` finds those as well, and does more than list.
SELECT
  useridentity.arn AS principal,
  useridentity.invokedby AS via,
  recipientaccountid AS account,
  awsregion AS region,
  eventsource AS source,
  eventname AS event,
  errorcode AS error,
  requestparameters AS request,
  count(DISTINCT eventid) AS calls,
  min(eventtime) AS first,
  max(eventtime) AS last,
  slice(array_agg(DISTINCT eventid ORDER BY eventid), 1, 3) AS events
FROM cloudtrail_logs
WHERE "timestamp" BETWEEN '2026/11/03' AND '2026/11/04'
  AND eventtime >= '2026-11-03T09:00:00Z'
  AND eventtime < '2026-11-03T10:00:00Z'
  AND useridentity.arn = 'arn:aws:iam::123456789012:user/deployer'
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY first, source, event, request
