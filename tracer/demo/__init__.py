"""The run that `tracer demo` reads: records of one Serverless deploy, as a trail in S3 would hold them.

`records/` holds the log files of a few minutes in one account and region. In it the IAM user `deployer` deploys the
Serverless Framework service `orders` for the first time, deploys it again with new code and another size, and removes
it: a REST API, a DynamoDB table, a scheduled function, log groups with a retention of their own. Around it goes on what
goes on in any account: a colleague who looks at it and makes a stack of her own, a monitoring role's session, the
functions' own calls, records that were delivered twice, one refused call.

The records are a RECORDING of the real tools, the Serverless Framework 3.40.0, the AWS CLI and boto3, in a simulated
account, that of `tracer rehearse`: the calls are the tools' own, what CloudFormation calls for them is the account's,
after the registry's schemas, and so is how a record looks. No account on AWS was recorded; the keys are nobody's. Times
and ids were given afterwards, a second a call. `make record-demo` in the project's repository records it anew, the same
bytes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path
from typing import Final

PRINCIPAL: Final = "arn:aws:iam::123456789012:user/deployer"
"""Who deploys."""
SERVICE: Final = "orders"
STAGE: Final = "dev"
REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"


def records_path() -> AbstractContextManager[Path]:
    """The folder of the records, as a context: it need not lie there as files before, nor afterwards."""
    return resources.as_file(resources.files(__name__) / "records")
