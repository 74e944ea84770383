-- Which calls did a run make: each distinct one, by whom, how often, when first and last, and three of its events?
--
-- Forwarded calls have the principal's own ARN, and `via` names the service. The calls of roles that it assumed, passed
-- to CloudFormation or gave to functions have theirs: role-chains finds the first, and `tracer run` all of them.
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
--   since, until            2026-11-24T08:00:00Z: the first moment, and the one behind the last
--   accounts (optional)     the accounts whose log it is
--   principals (optional)   ARNs of users, of roles (all their sessions) or of sessions
-- Returns:
--   principal  varchar   the caller's ARN; of a session the role's
--   via        varchar   the service that made the call for the principal; null for a direct call
--   account    varchar   the account whose log it is
--   region     varchar   the region that was called
--   source     varchar   eventSource
--   event      varchar   eventName
--   error      varchar   errorCode; null where the call succeeded
--   request    varchar   requestParameters, as JSON
--   calls      bigint    how many, each event counted once
--   first      varchar   the first one's eventTime
--   last       varchar   the last one's
--   events     varchar   the eventIDs of three, separated by blanks
-- Scans: the partitions of the days and regions, once.
SELECT
  coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby) AS principal,
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
  nullif(array_join(slice(array_sort(array_agg(DISTINCT eventid)), 1, 3), ' '), '') AS events
FROM cloudtrail_logs
WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
  AND region IN (?) -- regions
  AND eventtime >= ? -- since
  AND eventtime < ? -- until
  AND coalesce(recipientaccountid, useridentity.accountid) IN (?) -- accounts
  AND (useridentity.arn IN (?) OR useridentity.sessioncontext.sessionissuer.arn IN (?)) -- principals, principals
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY first, principal, source, event, request, account, region, error, via
