-- Carries tables of earlier versions over to those of schema.sql. Each step looks whether it has
-- been taken; all of them and schema.sql are one transaction.

do $$
begin
    if to_regclass('raw.place') is not null and to_regclass('raw.town') is null then
        alter table raw.place rename to town;
        alter index raw.place_pkey rename to town_pkey;
    end if;
end
$$;

do $$
begin
    if to_regclass('raw.load_run') is not null then
        alter table raw.load_run add column if not exists is_generated boolean not null default false;
        alter table raw.load_run add column if not exists warnings text[] not null default '{}';
        alter table raw.load_run add column if not exists other_forms jsonb;
        alter table raw.load_run add column if not exists tracker text;
        alter table raw.load_run drop constraint if exists load_run_state_check;
        alter table raw.load_run add constraint load_run_state_check check (
            state in ('running', 'loaded', 'unchanged', 'failed', 'interrupted', 'forgotten')
        );
    end if;
end
$$;

-- Rows of images were rows of a table. What reads it by its name is a view of staging, which the
-- next build makes anew.
do $$
begin
    if exists (
        select from pg_class
        where oid = to_regclass('raw.observation') and relkind in ('r', 'p')
    ) then
        create table raw.image_rows (
            chip_key integer not null,
            time_key integer not null,
            building_ids integer[] not null,
            footprint_nos smallint[] not null,
            primary key (chip_key, time_key),
            check (cardinality(building_ids) = cardinality(footprint_nos))
        );
        insert into raw.image_rows (chip_key, time_key, building_ids, footprint_nos)
        select
            image.chip_key,
            image.time_key,
            coalesce(seen.building_ids, '{}'),
            coalesce(seen.footprint_nos, '{}')
        from raw.image
        left join (
            select
                chip_key,
                time_key,
                array_agg(building_id order by building_id) as building_ids,
                array_agg(footprint_no order by building_id) as footprint_nos
            from raw.observation
            group by chip_key, time_key
        ) as seen using (chip_key, time_key);
        drop table raw.observation cascade;
    end if;
end
$$;

-- Masks were known by area only, with the load that brought them.
do $$
begin
    if to_regclass('raw.unusable_area') is not null and to_regclass('raw.image_mask') is null then
        create table raw.image_mask (
            source text not null,
            chip_key integer not null,
            time_key integer not null,
            load_id integer not null,
            polygons text[] not null,
            primary key (source, chip_key, time_key)
        );
        insert into raw.image_mask (source, chip_key, time_key, load_id, polygons)
        select
            load_run.source,
            area.chip_key,
            area.time_key,
            max(area.load_id),
            array_agg(area.polygon order by area.area_no)
        from raw.unusable_area as area
        inner join raw.load_run on area.load_id = load_run.load_id
        group by load_run.source, area.chip_key, area.time_key;
    end if;
end
$$;
