-- On Citus what has a chip lies with it on its node.
do $$
declare
    table_of_chips regclass;
begin
    if to_regproc('create_distributed_table') is not null then
        for table_of_chips in
            select pg_class.oid::regclass
            from pg_class
            inner join pg_attribute on pg_class.oid = pg_attribute.attrelid
            where
                pg_class.relnamespace = 'ml'::regnamespace
                and pg_class.relkind = 'r'
                and pg_attribute.attname = 'chip_key'
                and pg_class.oid not in (select logicalrelid from pg_dist_partition)
            order by pg_class.relname
        loop
            perform create_distributed_table(table_of_chips, 'chip_key');
        end loop;
    end if;
end
$$;
