-- Which actions of a policy did nobody use: granted, but not seen in any call?
--
-- CloudTrail shows a call's event, not the action that AWS checked. So each action is asked for by the events that
-- use it, which tracer's tables name: `s3:ListBucket|s3.amazonaws.com|ListObjectsV2`. One without an event there, like
-- iam:PassRole, leaves no trace, and is not asked for. What a trail does not log (data events, by default) was not
-- seen either: missing-data-events tells. A refused call counts as use: somebody wanted it.
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
--   since, until            2026-11-24T08:00:00Z: the first moment, and the one behind the last
--   accounts (optional)     the accounts whose log it is
--   principals (optional)   ARNs of users, of roles (all their sessions) or of sessions
--   granted                 ACTION|SOURCE|EVENT, several joined by commas, at most 1,024 characters each
-- Returns:
--   action     varchar   the action that was not used
--   events     varchar   the events that would show its use, SOURCE|EVENT, separated by blanks
-- Scans: the partitions of the days and regions, once.
WITH granted AS (
  SELECT DISTINCT
    split_part(entry, '|', 1) AS action,
    split_part(entry, '|', 2) AS source,
    split_part(entry, '|', 3) AS event
  FROM UNNEST(ARRAY[?]) AS given (joined) -- granted
  CROSS JOIN UNNEST(split(joined, ',')) AS parted (entry)
),
used AS (
  SELECT DISTINCT
    eventsource AS source,
    -- Lambda and CloudFront write the API's version behind the name.
    lower(
      CASE
        WHEN eventsource = 'lambda.amazonaws.com' THEN regexp_replace(eventname, '20[0-9]{6}(v[0-9]+){0,1}$', '')
        WHEN eventsource = 'cloudfront.amazonaws.com'
          THEN regexp_replace(eventname, '[0-9]{4}_[0-9]{2}_[0-9]{2}$', '')
        ELSE eventname
      END
    ) AS event
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
    AND region IN (?) -- regions
    AND eventtime >= ? -- since
    AND eventtime < ? -- until
    AND coalesce(recipientaccountid, useridentity.accountid) IN (?) -- accounts
    AND (useridentity.arn IN (?) OR useridentity.sessioncontext.sessionissuer.arn IN (?)) -- principals, principals
)
SELECT
  granted.action AS action,
  array_join(array_sort(array_agg(DISTINCT concat(granted.source, '|', granted.event))), ' ') AS events
FROM granted
LEFT JOIN used
  ON used.source = granted.source AND used.event = lower(granted.event)
GROUP BY 1
HAVING count(used.event) = 0
ORDER BY action
