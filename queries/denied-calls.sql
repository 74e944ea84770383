-- Which calls did AWS refuse for want of a permission, to whom, and in which words?
--
-- The error codes are those that tracer takes for a denial (tracer/reduce/denials.py). A few services write theirs into
-- the response, or say it in the message alone: `tracer run` finds those as well, and reads action and ARN out of it.
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
--   since, until            2026-11-24T08:00:00Z: the first moment, and the one behind the last
--   accounts (optional)     the accounts whose log it is
--   principals (optional)   ARNs of users, of roles (all their sessions) or of sessions
-- Returns:
--   principal  varchar   the caller's ARN, of a session the role's
--   via        varchar   the service that made the call for the principal; null for a direct call
--   account    varchar   the account whose log it is
--   region     varchar   the region that was called
--   source     varchar   eventSource
--   event      varchar   eventName
--   error      varchar   errorCode
--   message    varchar   errorMessage: it names the action, and mostly the resource
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
  errormessage AS message,
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
  AND (
    regexp_like(errorcode, 'AccessDenied[^.]*$|UnauthorizedOperation$|AuthorizationError[^.]*$')
    OR regexp_like(errorcode, '(^|[.])(Forbidden(Exception){0,1}|Unauthorized(Exception|Access){0,1}|NotAuthorized)$')
    OR regexp_like(errorcode, '(^|[.])ServiceLinkedRoleCreationNotPermitted$')
  )
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY first, principal, source, event, message, account, region, error, via
