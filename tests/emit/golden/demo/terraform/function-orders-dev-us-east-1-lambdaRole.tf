data "aws_iam_policy_document" "function_orders_dev_us_east_1_lambdaRole" {
  statement {
    sid    = "DynamodbTableb46770f6"
    effect = "Allow"

    actions = ["dynamodb:DescribeTable"]

    resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/orders-dev-orders"]
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
}

resource "aws_iam_policy" "function_orders_dev_us_east_1_lambdaRole" {
  name   = "orders-dev-function-orders-dev-us-east-1-lambdaRole"
  policy = data.aws_iam_policy_document.function_orders_dev_us_east_1_lambdaRole.json
}
