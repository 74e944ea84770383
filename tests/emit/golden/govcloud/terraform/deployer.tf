data "aws_iam_policy_document" "deployer" {
  statement {
    sid    = "CloudformationStack2f113ac1"
    effect = "Allow"

    actions = [
      "cloudformation:CreateChangeSet",
      "cloudformation:DeleteChangeSet",
      "cloudformation:DeleteStack",
      "cloudformation:DescribeChangeSet",
      "cloudformation:DescribeStackEvents",
      "cloudformation:DescribeStacks",
      "cloudformation:ExecuteChangeSet",
      "cloudformation:GetTemplateSummary",
    ]

    resources = ["arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/vault-prod/*"]
  }

  statement {
    sid    = "KmsAny1de4b839"
    effect = "Allow"

    actions = ["kms:CreateKey"]

    resources = ["*"]
  }

  statement {
    sid    = "KmsAlias0eadfdeb"
    effect = "Allow"

    actions = [
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:UpdateAlias",
    ]

    resources = ["arn:aws-us-gov:kms:us-gov-west-1:123456789012:alias/vault"]
  }

  statement {
    sid    = "KmsKey518992a8"
    effect = "Allow"

    actions = [
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKeyRotation",
      "kms:EnableKeyRotation",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
    ]

    resources = ["arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["cloudformation.us-gov-west-1.amazonaws.com"]
    }
  }

  statement {
    sid    = "KmsKey8f42078f"
    effect = "Allow"

    actions = [
      "kms:Decrypt",
      "kms:GenerateDataKey",
    ]

    resources = ["arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.us-gov-west-1.amazonaws.com"]
    }
  }

  statement {
    sid    = "SecretsmanagerSecretb327bdd9"
    effect = "Allow"

    actions = [
      "secretsmanager:CreateSecret",
      "secretsmanager:DeleteSecret",
      "secretsmanager:DescribeSecret",
      "secretsmanager:TagResource",
      "secretsmanager:UntagResource",
      "secretsmanager:UpdateSecret",
    ]

    resources = ["arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:vault/db-??????"]
  }

  statement {
    sid    = "SnsTopic314930e7"
    effect = "Allow"

    actions = [
      "sns:CreateTopic",
      "sns:DeleteTopic",
      "sns:GetTopicAttributes",
      "sns:ListTagsForResource",
      "sns:SetTopicAttributes",
      "sns:TagResource",
      "sns:UntagResource",
    ]

    resources = ["arn:aws-us-gov:sns:us-gov-west-1:123456789012:vault-prod-alarms"]
  }
}

resource "aws_iam_policy" "deployer" {
  name   = "tracer-deployer"
  policy = data.aws_iam_policy_document.deployer.json
}
