"""Find out which IAM permissions a deploy really needs, from the CloudTrail records of one trial deploy."""

__version__ = "0.1.0"
