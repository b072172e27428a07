CREATE INDEX CONCURRENTLY lamps_by_name ON lighthouse.lamps (name);
