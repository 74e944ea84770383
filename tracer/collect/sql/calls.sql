-- The distinct calls of a run, each with the time and the id of every event in which it was made.
-- What stands for <table> and <condition> is filled in by tracer.collect.athena. A group spans an hour at most, so that
-- no row grows without bound.
SELECT
  eventversion,
  eventtype,
  eventcategory,
  eventsource,
  eventname,
  awsregion,
  apiversion,
  readonly,
  recipientaccountid,
  sharedeventid,
  sourceipaddress,
  useragent,
  errorcode,
  errormessage,
  requestparameters,
  responseelements,
  additionaleventdata,
  json_format(
    CAST(
      transform(
        resources,
        r -> map(ARRAY['ARN', 'accountId', 'type'], ARRAY[r.arn, r.accountid, r.type])
      ) AS JSON
    )
  ) AS resources,
  useridentity.type AS identity_type,
  useridentity.principalid AS identity_principalid,
  useridentity.arn AS identity_arn,
  useridentity.accountid AS identity_accountid,
  useridentity.accesskeyid AS identity_accesskeyid,
  useridentity.username AS identity_username,
  useridentity.invokedby AS identity_invokedby,
  useridentity.sessioncontext.sessionissuer.type AS issuer_type,
  useridentity.sessioncontext.sessionissuer.arn AS issuer_arn,
  json_format(CAST(array_agg(ARRAY[eventtime, eventid]) AS JSON)) AS events
FROM <table>
WHERE <condition>
GROUP BY
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
  substr(eventtime, 1, 13)
