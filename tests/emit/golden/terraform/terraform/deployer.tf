data "aws_iam_policy_document" "deployer" {
  statement {
    sid    = "DynamodbTablee2a18b3c"
    effect = "Allow"

    actions = [
      "dynamodb:CreateTable",
      "dynamodb:DeleteTable",
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:DescribeTable",
      "dynamodb:DescribeTimeToLive",
      "dynamodb:ListTagsOfResource",
      "dynamodb:TagResource",
    ]

    resources = ["arn:aws:dynamodb:us-west-2:123456789012:table/ledger"]
  }

  statement {
    sid    = "IamRole1a8569c8"
    effect = "Allow"

    actions = [
      "iam:CreateRole",
      "iam:DeleteRole",
      "iam:DeleteRolePolicy",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListInstanceProfilesForRole",
      "iam:ListRolePolicies",
      "iam:PutRolePolicy",
      "iam:TagRole",
    ]

    resources = ["arn:aws:iam::123456789012:role/ledger-worker"]
  }

  statement {
    sid    = "IamRoleba253071"
    effect = "Allow"

    actions = [
      "iam:AttachRolePolicy",
      "iam:DetachRolePolicy",
    ]

    resources = ["arn:aws:iam::123456789012:role/ledger-worker"]

    condition {
      test     = "ArnEquals"
      variable = "iam:PolicyARN"
      values = [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
      ]
    }
  }

  statement {
    sid    = "IamRole2fd91cc6"
    effect = "Allow"

    actions = ["iam:PassRole"]

    resources = ["arn:aws:iam::123456789012:role/ledger-worker"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["lambda.amazonaws.com"]
    }
  }

  statement {
    sid    = "LambdaAny491ad02d"
    effect = "Allow"

    actions = ["lambda:CreateEventSourceMapping"]

    resources = ["*"]
  }

  statement {
    sid    = "LambdaEventSourceMapping4c749991"
    effect = "Allow"

    actions = [
      "lambda:DeleteEventSourceMapping",
      "lambda:GetEventSourceMapping",
    ]

    resources = ["arn:aws:lambda:us-west-2:123456789012:event-source-mapping:*"]
  }

  statement {
    sid    = "LambdaFunction2d8d8fb3"
    effect = "Allow"

    actions = [
      "lambda:CreateFunction",
      "lambda:DeleteFunction",
      "lambda:GetFunction",
      "lambda:GetFunctionCodeSigningConfig",
      "lambda:ListVersionsByFunction",
      "lambda:TagResource",
    ]

    resources = [
      "arn:aws:lambda:us-west-2:123456789012:function:ledger-worker",
      "arn:aws:lambda:us-west-2:123456789012:function:ledger-worker:*",
    ]
  }

  statement {
    sid    = "S3Bucketb040a319"
    effect = "Allow"

    actions = [
      "s3:CreateBucket",
      "s3:DeleteBucket",
      "s3:GetAccelerateConfiguration",
      "s3:GetBucketAcl",
      "s3:GetBucketCORS",
      "s3:GetBucketLogging",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketPolicy",
      "s3:GetBucketRequestPayment",
      "s3:GetBucketTagging",
      "s3:GetBucketVersioning",
      "s3:GetBucketWebsite",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket",
      "s3:PutBucketTagging",
    ]

    resources = ["arn:aws:s3:::ledger-exports"]
  }

  statement {
    sid    = "SqsQueuee5a1e9c7"
    effect = "Allow"

    actions = [
      "sqs:CreateQueue",
      "sqs:DeleteQueue",
      "sqs:GetQueueAttributes",
      "sqs:ListQueueTags",
      "sqs:TagQueue",
    ]

    resources = ["arn:aws:sqs:us-west-2:123456789012:ledger-jobs"]
  }
}

resource "aws_iam_policy" "deployer" {
  name   = "tracer-deployer"
  policy = data.aws_iam_policy_document.deployer.json
}
