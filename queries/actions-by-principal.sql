-- What did each principal call: every event by its source and name, how often, and how often in vain?
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
--   since, until            2026-11-24T08:00:00Z: the first moment, and the one behind the last
--   accounts (optional)     the accounts whose log it is
--   principals (optional)   ARNs of users, of roles (all their sessions) or of sessions
-- Returns:
--   principal  varchar   the caller's ARN, of a session the role's; of a service that calls for itself its name
--   source     varchar   eventSource
--   event      varchar   eventName
--   calls      bigint    how many, each event counted once
--   failed     bigint    how many of these have an errorCode
--   first      varchar   the first one's eventTime
--   last       varchar   the last one's
-- Scans: the partitions of the days and regions, once.
SELECT
  coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby) AS principal,
  eventsource AS source,
  eventname AS event,
  count(DISTINCT eventid) AS calls,
  count(DISTINCT CASE WHEN errorcode IS NOT NULL THEN eventid END) AS failed,
  min(eventtime) AS first,
  max(eventtime) AS last
FROM cloudtrail_logs
WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
  AND region IN (?) -- regions
  AND eventtime >= ? -- since
  AND eventtime < ? -- until
  AND coalesce(recipientaccountid, useridentity.accountid) IN (?) -- accounts
  AND (useridentity.arn IN (?) OR useridentity.sessioncontext.sessionissuer.arn IN (?)) -- principals, principals
GROUP BY 1, 2, 3
ORDER BY principal, source, event
