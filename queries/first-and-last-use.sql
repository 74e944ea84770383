-- When was each event first and last called, how often, and by how many principals?
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
--   since, until            2026-11-24T08:00:00Z: the first moment, and the one behind the last
--   accounts (optional)     the accounts whose log it is
-- Returns:
--   source      varchar   eventSource
--   event       varchar   eventName
--   first       varchar   the first one's eventTime in the window
--   last        varchar   the last one's
--   calls       bigint    how many, each event counted once
--   principals  bigint    how many principals called it; all sessions of a role are one
--   regions     bigint    in how many regions
-- Scans: the partitions of the days and regions, once.
SELECT
  eventsource AS source,
  eventname AS event,
  min(eventtime) AS first,
  max(eventtime) AS last,
  count(DISTINCT eventid) AS calls,
  count(
    DISTINCT coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby)
  ) AS principals,
  count(DISTINCT awsregion) AS regions
FROM cloudtrail_logs
WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
  AND region IN (?) -- regions
  AND eventtime >= ? -- since
  AND eventtime < ? -- until
  AND coalesce(recipientaccountid, useridentity.accountid) IN (?) -- accounts
GROUP BY 1, 2
ORDER BY source, event
