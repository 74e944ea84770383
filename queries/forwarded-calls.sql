-- Which calls did AWS services make in a principal's name, CloudFormation above all?
--
-- The principal needs the permission for such a call as for its own:
-- https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html. `invokedBy` names the service;
-- in records of 2016 to 2019 the address or the user agent alone does. A call in the console is a person's own.
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
--   since, until            2026-11-24T08:00:00Z: the first moment, and the one behind the last
--   accounts (optional)     the accounts whose log it is
--   principals (optional)   ARNs of users, of roles (all their sessions) or of sessions
-- Returns:
--   principal  varchar   the caller's ARN, of a session the role's
--   via        varchar   the service that made the call
--   source     varchar   eventSource
--   event      varchar   eventName
--   calls      bigint    how many, each event counted once
--   failed     bigint    how many of these have an errorCode
--   first      varchar   the first one's eventTime
--   last       varchar   the last one's
-- Scans: the partitions of the days and regions, once.
WITH calls AS (
  SELECT
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn) AS principal,
    coalesce(
      useridentity.invokedby,
      CASE WHEN regexp_like(sourceipaddress, '^[^ ]+[.]amazonaws[.]com([.]cn){0,1}$') THEN sourceipaddress END,
      CASE WHEN regexp_like(useragent, '^[^ ]+[.]amazonaws[.]com([.]cn){0,1}$') THEN useragent END
    ) AS via,
    eventsource,
    eventname,
    errorcode,
    eventid,
    eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
    AND region IN (?) -- regions
    AND eventtime >= ? -- since
    AND eventtime < ? -- until
    AND coalesce(recipientaccountid, useridentity.accountid) IN (?) -- accounts
    AND (useridentity.arn IN (?) OR useridentity.sessioncontext.sessionissuer.arn IN (?)) -- principals, principals
    AND coalesce(useridentity.type, '') NOT IN ('AWSService', 'AWSAccount')
)
SELECT
  principal,
  via,
  eventsource AS source,
  eventname AS event,
  count(DISTINCT eventid) AS calls,
  count(DISTINCT CASE WHEN errorcode IS NOT NULL THEN eventid END) AS failed,
  min(eventtime) AS first,
  max(eventtime) AS last
FROM calls
WHERE via NOT LIKE 'signin.%'
  AND via NOT LIKE 'console.%'
GROUP BY 1, 2, 3, 4
ORDER BY principal, via, source, event
