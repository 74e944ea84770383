-- Who assumed which role, and from which session: the chains by which one principal acts as another?
--
-- A row is one step. Where the caller is itself a session whose beginning was recorded, `origin` is who began it: so
-- the rows whose `origin` is a deployer are the second steps of its chains. The role's calls are the role's own
-- permissions; the caller needs sts:AssumeRole on it.
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
--   since, until            2026-11-24T08:00:00Z: the first moment, and the one behind the last
--   accounts (optional)     the accounts whose log it is
-- Returns:
--   origin     varchar   who assumed the caller's role, where that was recorded too: the ARN, of a session the role's
--   principal  varchar   the caller's ARN, of a session the role's; of a service its name
--   role       varchar   the role's ARN, as the request names it
--   session    varchar   the ARN of the session that began
--   event      varchar   AssumeRole, AssumeRoleWithSAML or AssumeRoleWithWebIdentity
--   calls      bigint    how often, each event counted once
--   first      varchar   the first one's eventTime
--   last       varchar   the last one's
-- Scans: the partitions of the days and regions, twice.
WITH assumed AS (
  SELECT
    coalesce(
      useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby, useridentity.principalid
    ) AS principal,
    useridentity.arn AS caller,
    json_extract_scalar(requestparameters, '$.roleArn') AS role,
    json_extract_scalar(responseelements, '$.assumedRoleUser.arn') AS session,
    eventname,
    eventid,
    eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
    AND region IN (?) -- regions
    AND eventtime >= ? -- since
    AND eventtime < ? -- until
    AND coalesce(recipientaccountid, useridentity.accountid) IN (?) -- accounts
    AND eventsource = 'sts.amazonaws.com'
    AND eventname IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
    AND errorcode IS NULL
)
SELECT
  earlier.principal AS origin,
  step.principal AS principal,
  step.role AS role,
  step.session AS session,
  step.eventname AS event,
  count(DISTINCT step.eventid) AS calls,
  min(step.eventtime) AS first,
  max(step.eventtime) AS last
FROM assumed AS step
LEFT JOIN assumed AS earlier
  ON earlier.session = step.caller
GROUP BY 1, 2, 3, 4, 5
ORDER BY first, principal, role, session, origin, event
