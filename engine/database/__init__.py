"""The engine's own objects in Postgres: schema, tables, journal, locks."""
