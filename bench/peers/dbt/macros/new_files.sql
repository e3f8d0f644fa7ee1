{# The export files of a source that are newer than the newest in the model's table, as a list in SQL. #}
{% macro new_files(source) %}
    {%- set pattern = env_var('BENCH_WORK') ~ '/exports/' ~ source ~ '/*.csv' -%}
    {%- if is_incremental() -%}
        {%- set newer = run_query("SELECT file FROM glob('" ~ pattern ~ "') WHERE file > (SELECT max(file) FROM " ~ this ~ ") ORDER BY file") -%}
        {{ return("['" ~ newer.columns[0].values() | join("', '") ~ "']") }}
    {%- endif -%}
    {{ return("'" ~ pattern ~ "'") }}
{% endmacro %}
