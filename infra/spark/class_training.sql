-- What a JVM does before it leaves Spark's class archive (docs/adr/0034): the statements of a batch in small, on
-- tables that nobody sees. What is computed does not matter, only which classes of Spark and Iceberg it takes. One
-- statement ends with each semicolon.
CREATE NAMESPACE lakehouse.training;

CREATE TABLE lakehouse.training.rows (
    id bigint NOT NULL, name string, amount decimal(18, 6), happened_at timestamp, tags array<string>, day date
)
USING iceberg
PARTITIONED BY (day)
TBLPROPERTIES (
    'format-version' = '2', 'write.merge.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read',
    'write.delete.mode' = 'merge-on-read'
);

INSERT INTO lakehouse.training.rows
SELECT
    id, concat('name-', id) AS name, CAST(id AS decimal(18, 6)) AS amount, timestamp_millis(id * 1000) AS happened_at,
    sort_array(array(CAST(id AS string), 'a')) AS tags, date_add(DATE '2026-01-01', CAST(id % 3 AS int)) AS day
FROM range(200);

ALTER TABLE lakehouse.training.rows CREATE BRANCH training;

MERGE INTO lakehouse.training.rows AS g
USING (
    SELECT
        id + 1 AS id, name, amount, happened_at, tags, day,
        row_number() OVER (PARTITION BY day ORDER BY happened_at DESC, id) AS place
    FROM lakehouse.training.rows
    WHERE id % 2 = 0
) AS s
ON g.id = s.id AND g.day = s.day
WHEN MATCHED AND s.place > 1 THEN UPDATE SET g.amount = s.amount, g.name = s.name
WHEN NOT MATCHED THEN INSERT (id, name, amount, happened_at, tags, day)
VALUES (s.id, s.name, s.amount, s.happened_at, s.tags, s.day);

SELECT
    r.day, count(DISTINCT r.id) AS ids, sum(r.amount) AS amount, max(t.tag) AS last_tag,
    max(get_json_object(concat('{"a": ', r.id, '}'), '$.a')) AS field
FROM lakehouse.training.rows AS r
LEFT JOIN lakehouse.training.rows AS other ON r.id = other.id AND other.amount > 3
LATERAL VIEW explode(r.tags) t AS tag
WHERE r.happened_at < TIMESTAMP '2027-01-01 00:00:00'
GROUP BY r.day
ORDER BY r.day;

CALL lakehouse.system.rewrite_data_files(table => 'training.rows', options => map('rewrite-all', 'true'));

SELECT content, file_path, record_count FROM lakehouse.training.rows.files;

SELECT
    strict.read_object(
        CAST(concat('{"a": ', id, ', "b": "', name, '", "c": {"d": [1.5]}}') AS binary), 'a,b'
    ) AS found
FROM lakehouse.training.rows;
