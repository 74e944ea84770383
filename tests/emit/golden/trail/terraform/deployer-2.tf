data "aws_iam_policy_document" "deployer_2" {
  statement {
    sid    = "Ec2ElasticIp847d6d82"
    effect = "Allow"

    actions = [
      "ec2:AllocateAddress",
      "ec2:CreateNatGateway",
    ]

    resources = ["arn:aws:ec2:us-east-1:123456789012:elastic-ip/*"]
  }

  statement {
    sid    = "Ec2ElasticIpfad0d1df"
    effect = "Allow"

    actions = ["ec2:CreateTags"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:elastic-ip/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["AllocateAddress"]
    }
  }

  statement {
    sid    = "Ec2Instance4a54222e"
    effect = "Allow"

    actions = [
      "ec2:DescribeInstanceAttribute",
      "ec2:RunInstances",
    ]

    resources = ["arn:aws:ec2:us-east-1:123456789012:instance/*"]
  }

  statement {
    sid    = "Ec2Instance9e174382"
    effect = "Allow"

    actions = ["ec2:CreateTags"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:instance/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["RunInstances"]
    }
  }

  statement {
    sid    = "Ec2InternetGateway6da5a50f"
    effect = "Allow"

    actions = [
      "ec2:AttachInternetGateway",
      "ec2:CreateInternetGateway",
    ]

    resources = ["arn:aws:ec2:us-east-1:123456789012:internet-gateway/*"]
  }

  statement {
    sid    = "Ec2InternetGatewayff62c68a"
    effect = "Allow"

    actions = ["ec2:CreateTags"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:internet-gateway/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateInternetGateway"]
    }
  }

  statement {
    sid    = "Ec2Natgateway12f736dc"
    effect = "Allow"

    actions = ["ec2:CreateNatGateway"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:natgateway/*"]
  }

  statement {
    sid    = "Ec2Natgatewayb8ebc0b3"
    effect = "Allow"

    actions = ["ec2:CreateTags"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:natgateway/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateNatGateway"]
    }
  }

  statement {
    sid    = "Ec2NetworkInterfacea0b9a5d9"
    effect = "Allow"

    actions = [
      "ec2:CreateNetworkInterface",
      "ec2:RunInstances",
    ]

    resources = ["arn:aws:ec2:us-east-1:123456789012:network-interface/*"]
  }

  statement {
    sid    = "Ec2NetworkInterface6b3fa48a"
    effect = "Allow"

    actions = ["ec2:CreateTags"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:network-interface/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateNetworkInterface"]
    }
  }

  statement {
    sid    = "Ec2RouteTableced8e9fd"
    effect = "Allow"

    actions = [
      "ec2:AssociateRouteTable",
      "ec2:CreateRoute",
      "ec2:CreateRouteTable",
    ]

    resources = ["arn:aws:ec2:us-east-1:123456789012:route-table/*"]
  }

  statement {
    sid    = "Ec2RouteTable8f2f0436"
    effect = "Allow"

    actions = ["ec2:CreateTags"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:route-table/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateRouteTable"]
    }
  }

  statement {
    sid    = "Ec20b432412"
    effect = "Allow"

    actions = ["ec2:RunInstances"]

    resources = [
      "arn:aws:ec2:us-east-1:123456789012:security-group/*",
      "arn:aws:ec2:us-east-1:123456789012:volume/*",
      "arn:aws:ec2:us-east-1::image/*",
    ]
  }

  statement {
    sid    = "Ec2Subnet9df80ae4"
    effect = "Allow"

    actions = [
      "ec2:AssociateRouteTable",
      "ec2:CreateNatGateway",
      "ec2:CreateNetworkInterface",
      "ec2:CreateSubnet",
      "ec2:RunInstances",
    ]

    resources = ["arn:aws:ec2:us-east-1:123456789012:subnet/*"]
  }

  statement {
    sid    = "Ec2Subnet4fd3d608"
    effect = "Allow"

    actions = ["ec2:CreateTags"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:subnet/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateSubnet"]
    }
  }

  statement {
    sid    = "Ec2Vpcc4167910"
    effect = "Allow"

    actions = [
      "ec2:AttachInternetGateway",
      "ec2:CreateRouteTable",
      "ec2:CreateSubnet",
      "ec2:CreateVpc",
      "ec2:DescribeVpcAttribute",
    ]

    resources = ["arn:aws:ec2:us-east-1:123456789012:vpc/*"]
  }

  statement {
    sid    = "Ec2Vpc87b1264d"
    effect = "Allow"

    actions = ["ec2:CreateTags"]

    resources = ["arn:aws:ec2:us-east-1:123456789012:vpc/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateVpc"]
    }
  }

  statement {
    sid    = "IamInstanceProfile82e6db2f"
    effect = "Allow"

    actions = [
      "iam:AddRoleToInstanceProfile",
      "iam:CreateInstanceProfile",
      "iam:GetInstanceProfile",
      "iam:TagInstanceProfile",
    ]

    resources = ["arn:aws:iam::123456789012:instance-profile/name-9d6025"]
  }

  statement {
    sid    = "IamRole929ce72f"
    effect = "Allow"

    actions = [
      "iam:CreateRole",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListRolePolicies",
      "iam:PutRolePolicy",
      "iam:TagRole",
    ]

    resources = [
      "arn:aws:iam::123456789012:role/name-a7895c",
      "arn:aws:iam::123456789012:role/name-ea95d6",
    ]
  }

  statement {
    sid    = "IamRole29c4e0f8"
    effect = "Allow"

    actions = ["iam:AttachRolePolicy"]

    resources = ["arn:aws:iam::123456789012:role/name-ea95d6"]

    condition {
      test     = "ArnEquals"
      variable = "iam:PolicyARN"
      values   = ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]
    }
  }

  statement {
    sid    = "IamRole9e479bb5"
    effect = "Allow"

    actions = ["iam:PassRole"]

    resources = ["arn:aws:iam::123456789012:role/name-ea95d6"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }

  statement {
    sid    = "KmsKey6b02f47e"
    effect = "Allow"

    actions = [
      "kms:Decrypt",
      "kms:GenerateDataKey",
    ]

    resources = ["arn:aws:kms:us-east-1:123456789012:key/2fcda98d-5c96-01d4-f6e3-c0222e2ca2e5"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.us-east-1.amazonaws.com"]
    }
  }

  statement {
    sid    = "KmsKey40edb11b"
    effect = "Allow"

    actions = [
      "kms:Decrypt",
      "kms:Encrypt",
    ]

    resources = ["arn:aws:kms:us-east-1:123456789012:key/b4b83a3e-e716-c350-a463-238b52cd4e94"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ssm.us-east-1.amazonaws.com"]
    }
  }

  statement {
    sid    = "SecretsmanagerSecreta08cc535"
    effect = "Allow"

    actions = [
      "secretsmanager:CreateSecret",
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetResourcePolicy",
      "secretsmanager:GetSecretValue",
    ]

    resources = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:name-0308b0-??????"]
  }

  statement {
    sid    = "SsmAny625bb972"
    effect = "Allow"

    actions = ["ssm:DescribeParameters"]

    resources = ["*"]
  }

  statement {
    sid    = "SsmParameter5534dc83"
    effect = "Allow"

    actions = ["ssm:PutParameter"]

    resources = ["arn:aws:ssm:us-east-1:123456789012:parameter/*"]
  }

  statement {
    sid    = "SsmParameter3a487fe7"
    effect = "Allow"

    actions = ["ssm:GetParameter"]

    resources = [
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-27fa2c",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-292e11",
      "arn:aws:ssm:us-east-1:123456789012:parameter/name-631aad/name-338509/name-8d3675",
    ]
  }
}

resource "aws_iam_policy" "deployer_2" {
  name   = "tracer-deployer-2"
  policy = data.aws_iam_policy_document.deployer_2.json
}
