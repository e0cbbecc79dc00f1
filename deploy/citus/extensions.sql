create extension if not exists citus;
create extension if not exists postgis;
