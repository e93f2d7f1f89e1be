-- A change of each tier, and of what is around them.
UPDATE vpc SET tags = tags || '{"stage": "production"}' WHERE tags ->> 'Name' = 'shop';
UPDATE security_group_rule SET description = 'the whole web' WHERE description = 'the web';
UPDATE log_group SET retention_in_days = 90 WHERE log_group_name = '/shop/app';
UPDATE queue SET visibility_timeout = 400 WHERE name = 'shop-jobs';
UPDATE target_group SET health_check_path = '/ready' WHERE target_group_name = 'shop';
UPDATE task_definition SET cpu_memory = 'vCPU1-2GB' WHERE family = 'shop';
UPDATE scalable_target SET min_capacity = 3 WHERE service_name = 'shop';
UPDATE db_cluster SET backup_retention_period = 7 WHERE db_cluster_identifier = 'shop';
UPDATE distribution SET price_class = 'PriceClass_100' WHERE comment = 'shop ${region}';
UPDATE metric_alarm SET threshold = 90 WHERE alarm_name = 'shop-cpu';
UPDATE schedule SET schedule_expression = 'cron(0 4 * * ? *)' WHERE name = 'shop-nightly';

SELECT * FROM iasql_apply();
