"""The run that `tracer demo` reads: records of one Serverless deploy, as a trail in S3 would hold them.

`records/` holds the log files of a quarter of an hour in one account and region. In it the IAM user `deployer` deploys
the Serverless Framework service `orders` for the first time, deploys it again with new code, and removes it: a REST
API, a DynamoDB table, a scheduled function, log groups with a retention of their own. Around it goes on what goes on in
any account: another user's console and her own stack, an auditor's session, the functions' own calls, AWS's calls for
itself, records that were delivered twice, one refused call.

The records are GENERATED, from the calls that Serverless 3.40 makes by its source and that CloudFormation makes by its
registry's schemas: no lab has recorded such a run on AWS yet. Names and shapes are those of real records as far as such
were published; the account, the addresses and the keys are nobody's. The generator is `tests/demo/make_run.py` in the
project's repository.
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
