DROP INDEX CONCURRENTLY lighthouse.lamps_by_name;
