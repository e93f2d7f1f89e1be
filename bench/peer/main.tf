# The tutorial's stacks, as many as are asked for, on an AWS at an endpoint.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "region" { type = string }
variable "stacks" { type = number }
variable "desired_count" {
  type    = number
  default = 1
}

provider "aws" {
  region     = var.region
  access_key = "simulated"
  secret_key = "simulated"

  endpoints {
    cloudwatchlogs = var.endpoint
    ec2            = var.endpoint
    ecr            = var.endpoint
    ecs            = var.endpoint
    elbv2          = var.endpoint
    iam            = var.endpoint
    sts            = var.endpoint
  }
}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

module "stack" {
  source   = "./stack"
  for_each = toset([for number in range(var.stacks) : "stack-${number}"])

  project       = each.key
  vpc_id        = data.aws_vpc.default.id
  subnet_ids    = slice(sort(data.aws_subnets.default.ids), 0, 3)
  region        = var.region
  port          = 8088
  desired_count = var.desired_count
}
