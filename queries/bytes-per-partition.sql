-- How many bytes does a query read in each partition, which is what Athena charges for?
--
-- Athena charges by the bytes that it reads from S3, compressed as they are: https://aws.amazon.com/athena/pricing/. A
-- query whose WHERE names the partitions reads their files once, whatever columns it asks for. "$path" and "$file_size"
-- are columns that every table has: https://trino.io/docs/current/connector/hive.html#metadata-columns.
--
-- Parameters:
--   first_day, last_day     days of delivery, 2026/11/24: the partitions to read
--   regions (optional)      the partitions' regions
-- Returns:
--   region     varchar   the partition's region
--   day        varchar   the partition's day, 2026/11/24
--   files      bigint    how many log files
--   bytes      bigint    how large they are in S3, together
--   records    bigint    how many records they hold
-- Scans: the partitions of the days and regions, once.
SELECT
  region,
  day,
  count(*) AS files,
  sum(size) AS bytes,
  sum(records) AS records
FROM (
  SELECT
    region,
    "timestamp" AS day,
    "$path" AS path,
    max("$file_size") AS size,
    count(*) AS records
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
    AND region IN (?) -- regions
  GROUP BY 1, 2, 3
) AS files
GROUP BY 1, 2
ORDER BY region, day
