SELECT * FROM iasql_install(
  'aws_vpc', 'aws_security_group', 'aws_iam', 'aws_kms', 'aws_cloudwatch', 'aws_sns', 'aws_sqs', 'aws_s3',
  'aws_route53', 'aws_acm', 'aws_elb', 'aws_ecs_fargate', 'aws_autoscaling', 'aws_rds', 'aws_elasticache',
  'aws_lambda', 'aws_cloudfront', 'aws_events');
