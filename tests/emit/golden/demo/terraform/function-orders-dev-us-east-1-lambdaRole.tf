data "aws_iam_policy_document" "function_orders_dev_us_east_1_lambdaRole" {
  statement {
    sid    = "DynamodbTabled454fe2c"
    effect = "Allow"

    actions = ["dynamodb:DescribeTable"]

    resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/orders-dev"]
  }

  statement {
    sid    = "LogsLogGroup86e11404"
    effect = "Allow"

    actions = [
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]

    resources = [
      "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders-dev-create:log-stream:*",
      "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders-dev-report:log-stream:*",
    ]
  }

  statement {
    sid    = "SsmParameter97ec39e8"
    effect = "Allow"

    actions = ["ssm:GetParameter"]

    resources = ["arn:aws:ssm:us-east-1:123456789012:parameter/orders/dev/currency"]
  }
}

resource "aws_iam_policy" "function_orders_dev_us_east_1_lambdaRole" {
  name   = "orders-dev-function-orders-dev-us-east-1-lambdaRole"
  policy = data.aws_iam_policy_document.function_orders_dev_us_east_1_lambdaRole.json
}
