{{ config(materialized='table') }}
SELECT * FROM read_csv('{{ env_var("BENCH_WORK") }}/exports/suppliers.csv')
