data "aws_iam_policy_document" "deployer" {
  statement {
    effect = "Allow"

    actions = [
      "cloudformation:Describe*",
      "cloudformation:List*",
      "cloudformation:Get*",
      "cloudformation:CreateStack",
      "cloudformation:UpdateStack",
      "cloudformation:DeleteStack",
    ]

    resources = ["arn:aws:cloudformation:us-east-1:123456789012:stack/orders*/*"]
  }

  statement {
    effect = "Allow"

    actions = ["cloudformation:ValidateTemplate"]

    resources = ["*"]
  }

  statement {
    effect = "Allow"

    actions = [
      "s3:CreateBucket",
      "s3:DeleteBucket",
      "s3:Get*",
      "s3:List*",
    ]

    resources = ["arn:aws:s3:::orders*"]
  }

  statement {
    effect = "Allow"

    actions = ["s3:*"]

    resources = ["arn:aws:s3:::orders*/*"]
  }

  statement {
    effect = "Allow"

    actions = ["logs:DescribeLogGroups"]

    resources = ["arn:aws:logs:us-east-1:123456789012:log-group::log-stream:*"]
  }

  statement {
    effect = "Allow"

    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DeleteLogGroup",
      "logs:DeleteLogStream",
      "logs:DescribeLogStreams",
      "logs:FilterLogEvents",
    ]

    resources = ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders*:log-stream:*"]
  }

  statement {
    effect = "Allow"

    actions = [
      "iam:GetRole",
      "iam:PassRole",
      "iam:CreateRole",
      "iam:DeleteRole",
      "iam:DetachRolePolicy",
      "iam:PutRolePolicy",
      "iam:AttachRolePolicy",
      "iam:DeleteRolePolicy",
    ]

    resources = ["arn:aws:iam::123456789012:role/orders*-lambdaRole"]
  }

  statement {
    effect = "Allow"

    actions = [
      "apigateway:GET",
      "apigateway:PATCH",
      "apigateway:POST",
      "apigateway:PUT",
      "apigateway:DELETE",
    ]

    resources = ["arn:aws:apigateway:us-east-1::/restapis"]
  }

  statement {
    effect = "Allow"

    actions = [
      "apigateway:GET",
      "apigateway:PATCH",
      "apigateway:POST",
      "apigateway:PUT",
      "apigateway:DELETE",
    ]

    resources = ["arn:aws:apigateway:us-east-1::/restapis/*"]
  }

  statement {
    effect = "Allow"

    actions = [
      "lambda:GetFunction",
      "lambda:CreateFunction",
      "lambda:DeleteFunction",
      "lambda:UpdateFunctionConfiguration",
      "lambda:UpdateFunctionCode",
      "lambda:ListVersionsByFunction",
      "lambda:PublishVersion",
      "lambda:CreateAlias",
      "lambda:DeleteAlias",
      "lambda:UpdateAlias",
      "lambda:GetFunctionConfiguration",
      "lambda:AddPermission",
      "lambda:RemovePermission",
      "lambda:InvokeFunction",
    ]

    resources = ["arn:aws:lambda:*:123456789012:function:orders*"]
  }

  statement {
    effect = "Allow"

    actions = [
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ]

    resources = ["*"]
  }

  statement {
    effect = "Allow"

    actions = [
      "events:Put*",
      "events:Remove*",
      "events:Delete*",
      "events:Describe*",
    ]

    resources = ["arn:aws:events:us-east-1:123456789012:rule/orders*"]
  }

  statement {
    sid    = "ApigatewayRestapis0c756541"
    effect = "Allow"

    actions = ["apigateway:UpdateRestApiPolicy"]

    resources = ["arn:aws:apigateway:us-east-1::/restapis"]
  }

  statement {
    sid    = "ApigatewayTags83db1e94"
    effect = "Allow"

    actions = ["apigateway:PUT"]

    resources = ["arn:aws:apigateway:us-east-1::/tags/*"]
  }

  statement {
    sid    = "CloudformationStackd8e873e1"
    effect = "Allow"

    actions = [
      "cloudformation:CreateChangeSet",
      "cloudformation:DeleteChangeSet",
      "cloudformation:ExecuteChangeSet",
    ]

    resources = ["arn:aws:cloudformation:us-east-1:123456789012:stack/orders-dev/*"]
  }

  statement {
    sid    = "DynamodbTable5c55f00b"
    effect = "Allow"

    actions = [
      "dynamodb:CreateTable",
      "dynamodb:DeleteTable",
      "dynamodb:DescribeTable",
      "dynamodb:TagResource",
    ]

    resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/orders-dev"]
  }

  statement {
    sid    = "EventsRule78280ec8"
    effect = "Allow"

    actions = [
      "events:ListTargetsByRule",
      "events:TagResource",
    ]

    resources = ["arn:aws:events:us-east-1:123456789012:rule/orders-dev-ReportEventsRuleSchedule1-*"]
  }

  statement {
    sid    = "IamRole5b5ca6c8"
    effect = "Allow"

    actions = [
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListRolePolicies",
      "iam:TagRole",
    ]

    resources = ["arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"]
  }

  statement {
    sid    = "LambdaFunctionb839ce31"
    effect = "Allow"

    actions = ["lambda:TagResource"]

    resources = [
      "arn:aws:lambda:us-east-1:123456789012:function:orders-dev-create",
      "arn:aws:lambda:us-east-1:123456789012:function:orders-dev-create:*",
      "arn:aws:lambda:us-east-1:123456789012:function:orders-dev-report",
      "arn:aws:lambda:us-east-1:123456789012:function:orders-dev-report:*",
    ]
  }

  statement {
    sid    = "LogsAnyc183e73d"
    effect = "Allow"

    actions = ["logs:DescribeLogGroups"]

    resources = ["*"]
  }

  statement {
    sid    = "LogsLogGroup682afe5a"
    effect = "Allow"

    actions = [
      "logs:CreateLogGroup",
      "logs:DeleteLogGroup",
      "logs:PutRetentionPolicy",
      "logs:TagResource",
    ]

    resources = [
      "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders-dev-create",
      "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders-dev-create:*",
      "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders-dev-report",
      "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders-dev-report:*",
    ]
  }

  statement {
    sid    = "S3Bucket7dc40a99"
    effect = "Allow"

    actions = [
      "s3:DeleteBucketPolicy",
      "s3:PutBucketPolicy",
      "s3:PutBucketTagging",
      "s3:PutEncryptionConfiguration",
    ]

    resources = ["arn:aws:s3:::orders-dev-serverlessdeploymentbucket-*"]
  }
}

resource "aws_iam_policy" "deployer" {
  name   = "orders-dev-deployer"
  policy = data.aws_iam_policy_document.deployer.json
}
