data "aws_iam_policy_document" "deployer_1" {
  statement {
    sid    = "Ec2Any7973ebc1"
    effect = "Allow"

    actions = [
      "ec2:DescribeAddresses",
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeImages",
      "ec2:DescribeInstanceCreditSpecifications",
      "ec2:DescribeInstances",
      "ec2:DescribeInternetGateways",
      "ec2:DescribeNatGateways",
      "ec2:DescribeNetworkAcls",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeTags",
      "ec2:DescribeVolumes",
      "ec2:DescribeVpcClassicLink",
      "ec2:DescribeVpcClassicLinkDnsSupport",
      "ec2:DescribeVpcs",
    ]

    resources = ["*"]
  }

  statement {
    sid    = "IamUserea534a34"
    effect = "Allow"

    actions = ["iam:GetUser"]

    resources = ["arn:aws:iam::123456789012:user/name-e8a653"]
  }

  statement {
    sid    = "SecretsmanagerSecret7ee10f41"
    effect = "Allow"

    actions = [
      "secretsmanager:CreateSecret",
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetResourcePolicy",
      "secretsmanager:GetSecretValue",
      "secretsmanager:PutSecretValue",
    ]

    resources = [
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-1506a5-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-31e1e2-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-409b06-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-41fbe1-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-4cfae6-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-4d1367-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-7b33ae-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-84e3a1-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-91416b-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-9bc204-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-a18871-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-bb280b-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-c39376-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-cd987f-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-dfd11e-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-fcd752-??????",
    ]
  }

  statement {
    sid    = "SecretsmanagerSecret825299e9"
    effect = "Allow"

    actions = [
      "secretsmanager:CreateSecret",
      "secretsmanager:GetResourcePolicy",
      "secretsmanager:GetSecretValue",
      "secretsmanager:PutSecretValue",
    ]

    resources = [
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-78de4f-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-e598e4-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-f370fd-??????",
    ]
  }

  statement {
    sid    = "SsmParameterdd54c961"
    effect = "Allow"

    actions = ["ssm:AddTagsToResource"]

    resources = [
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-068ba8",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-741379",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-a479a3",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-c88e80",
    ]
  }

  statement {
    sid    = "SsmParameter165a9c81"
    effect = "Allow"

    actions = [
      "ssm:AddTagsToResource",
      "ssm:ListTagsForResource",
    ]

    resources = [
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-1c56a9",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-68553c",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-929e12",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-a99274",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-b82e68",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-be9077",
    ]
  }

  statement {
    sid    = "SsmParameter74ea3b01"
    effect = "Allow"

    actions = [
      "ssm:AddTagsToResource",
      "ssm:GetParameter",
    ]

    resources = [
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-2c4055",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-6be02a",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-773f3d",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-983a74",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-ea8b30",
    ]
  }

  statement {
    sid    = "SsmParametere94cc621"
    effect = "Allow"

    actions = ["ssm:ListTagsForResource"]

    resources = [
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-35eeb1",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-4d65c0",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-7e52e9",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-91970f",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-cb6261",
    ]
  }

  statement {
    sid    = "SsmParameter0b751e1b"
    effect = "Allow"

    actions = [
      "ssm:AddTagsToResource",
      "ssm:GetParameter",
      "ssm:ListTagsForResource",
    ]

    resources = [
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-3b1d87",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-445cbd",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-9c6577",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-afca61",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-bf2556",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-ce3b4e",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-d521e4",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-d9b0e5",
    ]
  }

  statement {
    sid    = "SsmParameterea2aadae"
    effect = "Allow"

    actions = [
      "ssm:GetParameter",
      "ssm:ListTagsForResource",
    ]

    resources = [
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-50f7d7",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-7b8402",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-96f565",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-a7d600",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-bf200f",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-d1da8d",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-ef2764",
    ]
  }
}

resource "aws_iam_policy" "deployer_1" {
  name   = "tracer-deployer-1"
  policy = data.aws_iam_policy_document.deployer_1.json
}
