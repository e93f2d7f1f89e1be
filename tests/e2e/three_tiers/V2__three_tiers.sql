-- A shop: load balancer, application and database in a network of two zones, and what is around them.
-- ${region} has a and b as its zones, and is part of each name that an account has once.

-- The network.
INSERT INTO vpc (cidr_block, enable_dns_support, enable_dns_hostnames, tags)
VALUES ('10.20.0.0/16', true, true, '{"Name": "shop"}');

INSERT INTO subnet (vpc_id, cidr_block, availability_zone, map_public_ip_on_launch, tags)
SELECT v.id, s.cidr_block, '${region}' || s.zone, s.is_public, jsonb_build_object('Name', s.name)
FROM vpc AS v, (VALUES
    ('10.20.0.0/24', 'a', true, 'public-a'), ('10.20.1.0/24', 'b', true, 'public-b'),
    ('10.20.10.0/24', 'a', false, 'private-a'), ('10.20.11.0/24', 'b', false, 'private-b')
  ) AS s (cidr_block, zone, is_public, name)
WHERE v.cidr_block = '10.20.0.0/16';

INSERT INTO internet_gateway (vpc_id, tags)
SELECT id, '{"Name": "shop"}' FROM vpc WHERE cidr_block = '10.20.0.0/16';

INSERT INTO elastic_ip (tags) VALUES ('{"Name": "shop-nat"}');

INSERT INTO nat_gateway (subnet_id, elastic_ip_id, tags)
SELECT s.id, e.id, '{"Name": "shop"}' FROM subnet AS s, elastic_ip AS e
WHERE s.cidr_block = '10.20.0.0/24' AND e.tags ->> 'Name' = 'shop-nat';

INSERT INTO route_table (vpc_id, tags)
SELECT v.id, jsonb_build_object('Name', n.name) FROM vpc AS v, (VALUES ('shop-public'), ('shop-private')) AS n (name)
WHERE v.cidr_block = '10.20.0.0/16';

INSERT INTO route (route_table_id, destination, internet_gateway)
SELECT t.id, '0.0.0.0/0', g.id FROM route_table AS t JOIN internet_gateway AS g USING (vpc_id)
WHERE t.tags ->> 'Name' = 'shop-public';

INSERT INTO route (route_table_id, destination, nat_gateway)
SELECT t.id, '0.0.0.0/0', n.id FROM route_table AS t, nat_gateway AS n
WHERE t.tags ->> 'Name' = 'shop-private' AND n.tags ->> 'Name' = 'shop';

INSERT INTO route_table_association (route_table_id, subnet_id, vpc_id)
SELECT t.id, s.id, s.vpc_id FROM subnet AS s JOIN route_table AS t USING (vpc_id)
WHERE t.tags ->> 'Name' = CASE WHEN s.map_public_ip_on_launch THEN 'shop-public' ELSE 'shop-private' END;

-- Each tier lets in the one before it.
INSERT INTO security_group (group_name, description, vpc_id)
SELECT n.name, 'of the shop', v.id FROM vpc AS v, (VALUES ('shop-lb'), ('shop-app'), ('shop-data')) AS n (name)
WHERE v.cidr_block = '10.20.0.0/16';

INSERT INTO security_group_rule
  (security_group_id, is_egress, ip_protocol, from_port, to_port, cidr_ipv4, description)
SELECT id, false, 'tcp', port, port, '0.0.0.0/0', 'the web' FROM security_group, (VALUES (80), (443)) AS p (port)
WHERE group_name = 'shop-lb';

INSERT INTO security_group_rule
  (security_group_id, is_egress, ip_protocol, from_port, to_port, source_security_group, description)
SELECT own.id, false, 'tcp', r.port, r.port, other.id, 'from ' || r.other
FROM (VALUES ('shop-app', 8080, 'shop-lb'), ('shop-data', 5432, 'shop-app'), ('shop-data', 6379, 'shop-app'))
  AS r (own, port, other)
JOIN security_group AS own ON own.group_name = r.own JOIN security_group AS other ON other.group_name = r.other;

-- Who may do what.
INSERT INTO role (role_name, assume_role_policy_document)
SELECT 'shop-' || s.name || '-${region}', jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_build_array(
  jsonb_build_object('Effect', 'Allow', 'Action', 'sts:AssumeRole', 'Principal', jsonb_build_object('Service', s.service))))
FROM (VALUES ('task', 'ecs-tasks.amazonaws.com'), ('jobs', 'lambda.amazonaws.com'), ('clock', 'scheduler.amazonaws.com'))
  AS s (name, service);

INSERT INTO role_policy (role_name, policy_name, policy_document)
SELECT 'shop-' || p.role || '-${region}', 'own', jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_build_array(
  jsonb_build_object('Effect', 'Allow', 'Action', p.actions, 'Resource', '*')))
FROM (VALUES
    ('task', '["logs:CreateLogStream", "logs:PutLogEvents"]'::jsonb),
    ('jobs', '["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:PutLogEvents"]'),
    ('clock', '["sqs:SendMessage"]')
  ) AS p (role, actions);

-- What keeps and carries data.
INSERT INTO kms_key (description) VALUES ('shop');
INSERT INTO kms_alias (alias_name, kms_key) SELECT 'alias/shop', id FROM kms_key WHERE description = 'shop';
INSERT INTO log_group (log_group_name, retention_in_days) VALUES ('/shop/app', 30), ('/shop/jobs', 7);
INSERT INTO topic (name) VALUES ('shop-alarms');
INSERT INTO queue (name, visibility_timeout) VALUES ('shop-jobs', 360), ('shop-dead', 30);
INSERT INTO bucket (name, versioning) VALUES ('shop-assets-${region}', 'Enabled');
INSERT INTO public_access_block (bucket_name) VALUES ('shop-assets-${region}');

-- Names.
INSERT INTO hosted_zone (domain_name) VALUES ('${region}.shop.example.');
INSERT INTO certificate (domain_name) VALUES ('www.${region}.shop.example');

SELECT * FROM iasql_apply();

-- The certificate is validated by records that AWS has named now; the queue and the topic have ARNs.
INSERT INTO resource_record_set (parent_hosted_zone_id, name, record_type, ttl, record)
SELECT z.id, r ->> 'name', r ->> 'type', 300, ARRAY[r ->> 'value']
FROM certificate AS c, jsonb_array_elements(c.validation_records) AS r, hosted_zone AS z
WHERE c.domain_name = 'www.${region}.shop.example' AND z.domain_name = '${region}.shop.example.';

-- The database, whose password Secrets Manager makes and keeps.
INSERT INTO db_subnet_group (name, description, subnets)
SELECT 'shop', 'private', array_agg(subnet_id ORDER BY cidr_block) FROM subnet WHERE cidr_block IN ('10.20.10.0/24', '10.20.11.0/24');

INSERT INTO db_cluster
  (db_cluster_identifier, engine, database_name, master_username, subnet_group_id, storage_encrypted, kms_key_id)
SELECT 'shop', 'aurora-postgresql', 'shop', 'shop', g.id, true, k.arn
FROM db_subnet_group AS g, kms_key AS k WHERE g.name = 'shop' AND k.description = 'shop';

INSERT INTO db_cluster_security_groups (db_cluster_id, security_group_id)
SELECT c.id, g.id FROM db_cluster AS c, security_group AS g
WHERE c.db_cluster_identifier = 'shop' AND g.group_name = 'shop-data';

INSERT INTO rds (db_instance_identifier, db_instance_class, engine, db_cluster_id)
SELECT 'shop-' || n.number, 'db.r6g.large', engine, id FROM db_cluster, (VALUES (1), (2)) AS n (number)
WHERE db_cluster_identifier = 'shop';

-- The cache, in the same subnets.
INSERT INTO cache_subnet_group (name, description, subnets)
SELECT 'shop', 'private', array_agg(subnet_id ORDER BY cidr_block)
FROM subnet WHERE cidr_block IN ('10.20.10.0/24', '10.20.11.0/24');

INSERT INTO replication_group
  (replication_group_id, description, node_type, replicas_per_node_group, automatic_failover_enabled, multi_az_enabled,
   cache_subnet_group_id, at_rest_encryption_enabled, transit_encryption_enabled)
SELECT 'shop', 'sessions', 'cache.t4g.micro', 1, true, true, id, true, true FROM cache_subnet_group WHERE name = 'shop';

INSERT INTO replication_group_security_groups (replication_group_id, security_group_id)
SELECT r.id, g.id FROM replication_group AS r, security_group AS g
WHERE r.replication_group_id = 'shop' AND g.group_name = 'shop-data';

-- The application.
INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type, subnets)
SELECT 'shop', 'internet-facing', 'application', 'ipv4', array_agg(subnet_id ORDER BY cidr_block)
FROM subnet WHERE cidr_block IN ('10.20.0.0/24', '10.20.1.0/24');

INSERT INTO load_balancer_security_groups (load_balancer_name, security_group_id)
SELECT 'shop', id FROM security_group WHERE group_name = 'shop-lb';

INSERT INTO target_group (target_group_name, target_type, protocol, port, vpc, health_check_path)
SELECT 'shop', 'ip', 'HTTP', 8080, id, '/health' FROM vpc WHERE cidr_block = '10.20.0.0/16';

INSERT INTO listener (load_balancer_name, port, protocol, target_group_name, certificate_id, ssl_policy)
SELECT 'shop', 443, 'HTTPS', 'shop', id, 'ELBSecurityPolicy-TLS13-1-2-2021-06'
FROM certificate WHERE domain_name = 'www.${region}.shop.example';

INSERT INTO listener (load_balancer_name, port, protocol, action_type) VALUES ('shop', 80, 'HTTP', 'redirect');

INSERT INTO cluster (cluster_name) VALUES ('shop');

INSERT INTO task_definition (family, cpu_memory, execution_role_name, task_role_name)
VALUES ('shop', 'vCPU0.5-1GB', 'shop-task-${region}', 'shop-task-${region}');

INSERT INTO container_definition
  (task_definition_id, name, image, essential, container_port, host_port, protocol, log_group_name)
SELECT id, 'app', 'public.ecr.aws/nginx/nginx:1.27', true, 8080, 8080, 'tcp', '/shop/app'
FROM task_definition WHERE family = 'shop';

INSERT INTO service (name, desired_count, subnets, cluster_name, task_definition_id, target_group_name)
SELECT 'shop', 2, array_agg(s.subnet_id ORDER BY s.cidr_block), 'shop', d.id, 'shop'
FROM subnet AS s, task_definition AS d
WHERE s.cidr_block IN ('10.20.10.0/24', '10.20.11.0/24') AND d.family = 'shop' GROUP BY d.id;

INSERT INTO service_security_groups (service_name, security_group_id)
SELECT 'shop', id FROM security_group WHERE group_name = 'shop-app';

-- As many tasks as there is work for.
INSERT INTO scalable_target (service_name, min_capacity, max_capacity) VALUES ('shop', 2, 8);

INSERT INTO scaling_policy (policy_name, scalable_target_id, predefined_metric_type, target_value)
SELECT 'shop-cpu', id, 'ECSServiceAverageCPUUtilization', 60 FROM scalable_target WHERE service_name = 'shop';

-- What works off the queue.
INSERT INTO lambda_function (name, role_name, runtime, handler, zip_b64, timeout, log_group_name)
VALUES ('shop-jobs', 'shop-jobs-${region}', 'python3.13', 'app.handle', '${code}', 60, '/shop/jobs');

INSERT INTO lambda_event_source (lambda_function_id, queue_id, batch_size)
SELECT f.id, q.id, 5 FROM lambda_function AS f, queue AS q WHERE f.name = 'shop-jobs' AND q.name = 'shop-jobs';

-- What people get from the nearest place: the bucket, which nobody else may read.
INSERT INTO origin_access_control (name) VALUES ('shop-${region}');

INSERT INTO distribution (comment, default_root_object, default_cache_behavior)
VALUES ('shop ${region}', 'index.html',
  '{"TargetOriginId": "assets", "ViewerProtocolPolicy": "redirect-to-https",
    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}');

INSERT INTO distribution_origin (distribution_id, origin_id, domain_name, origin_access_control_id)
SELECT d.id, 'assets', 'shop-assets-${region}.s3.${region}.amazonaws.com', o.id
FROM distribution AS d, origin_access_control AS o WHERE d.comment = 'shop ${region}' AND o.name = 'shop-${region}';

-- Who is told, and what is done by itself.
INSERT INTO metric_alarm
  (alarm_name, alarm_actions, namespace, metric_name, dimensions, statistic, period, evaluation_periods, threshold,
   comparison_operator)
SELECT 'shop-' || a.name, ARRAY[t.arn], a.namespace, a.metric, a.dimensions::jsonb, 'Average', 60, 5, a.threshold,
  'GreaterThanThreshold'
FROM topic AS t, (VALUES
    ('cpu', 'AWS/ECS', 'CPUUtilization', '{"ClusterName": "shop", "ServiceName": "shop"}', 80),
    ('jobs', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', '{"QueueName": "shop-jobs"}', 600)
  ) AS a (name, namespace, metric, dimensions, threshold)
WHERE t.name = 'shop-alarms';

INSERT INTO schedule (name, schedule_expression, target)
SELECT 'shop-nightly', 'cron(0 3 * * ? *)', jsonb_build_object('Arn', q.arn, 'RoleArn', r.arn, 'Input', '{"job": "report"}')
FROM queue AS q, role AS r WHERE q.name = 'shop-jobs' AND r.role_name = 'shop-clock-${region}';

SELECT * FROM iasql_apply();

-- The load balancer and the distribution have names now.
INSERT INTO resource_record_set
  (parent_hosted_zone_id, name, record_type, alias_dns_name, alias_hosted_zone_id)
SELECT z.id, 'www.${region}.shop.example', 'A', b.dns_name, b.canonical_hosted_zone_id
FROM hosted_zone AS z, load_balancer AS b
WHERE z.domain_name = '${region}.shop.example.' AND b.load_balancer_name = 'shop';

UPDATE bucket SET policy = jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_build_array(jsonb_build_object(
  'Effect', 'Allow', 'Action', 's3:GetObject', 'Resource', 'arn:aws:s3:::shop-assets-${region}/*',
  'Principal', '{"Service": "cloudfront.amazonaws.com"}'::jsonb,
  'Condition', jsonb_build_object('StringEquals', jsonb_build_object('aws:SourceArn', d.arn)))))
FROM distribution AS d WHERE d.comment = 'shop ${region}' AND bucket.name = 'shop-assets-${region}';

SELECT * FROM iasql_apply();
