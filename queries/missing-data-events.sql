-- Which services were at work whose data events the trail did not log?
--
-- Data events are off by default: a trail without them shows that a bucket was made, and not who reads its objects. A
-- row is a service that has management events in the window and no data event of this kind. The kinds are those of
-- https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html.
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
--   since, until            2026-11-24T08:00:00Z: the first moment, and the one behind the last
--   accounts (optional)     the accounts whose log it is
-- Returns:
--   source           varchar   eventSource
--   data             varchar   what its data events would show
--   management_calls bigint    how many management events of the service there are, each counted once
--   first            varchar   the first one's eventTime
--   last             varchar   the last one's
-- Scans: the partitions of the days and regions, once.
WITH known AS (
  SELECT source, data
  FROM (
    VALUES
      ('appsync.amazonaws.com', 'GraphQL calls'),
      ('bedrock.amazonaws.com', 'agents, knowledge bases and models that are invoked'),
      ('cognito-identity.amazonaws.com', 'identities and their credentials'),
      ('dynamodb.amazonaws.com', 'items and streams'),
      ('kinesis.amazonaws.com', 'records of streams'),
      ('lambda.amazonaws.com', 'invocations of functions'),
      ('s3.amazonaws.com', 'objects'),
      ('sns.amazonaws.com', 'messages that are published'),
      ('sqs.amazonaws.com', 'messages that are sent and received'),
      ('ssmmessages.amazonaws.com', 'channels of sessions'),
      ('states.amazonaws.com', 'synchronous executions')
  ) AS kinds (source, data)
),
seen AS (
  SELECT
    eventsource,
    count(DISTINCT CASE WHEN coalesce(eventcategory, 'Management') = 'Management' THEN eventid END) AS management_calls,
    count(DISTINCT CASE WHEN eventcategory = 'Data' THEN eventid END) AS data_calls,
    min(eventtime) AS first,
    max(eventtime) AS last
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
    AND region IN (?) -- regions
    AND eventtime >= ? -- since
    AND eventtime < ? -- until
    AND coalesce(recipientaccountid, useridentity.accountid) IN (?) -- accounts
  GROUP BY 1
)
SELECT
  known.source AS source,
  known.data AS data,
  seen.management_calls AS management_calls,
  seen.first AS first,
  seen.last AS last
FROM known
JOIN seen
  ON seen.eventsource = known.source
WHERE seen.data_calls = 0
  AND seen.management_calls > 0
ORDER BY source
