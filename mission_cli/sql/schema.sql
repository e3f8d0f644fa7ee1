-- The ledger: what was loaded, computed and published.
-- reads: nothing / writes: tables that are not there yet / parameters: none

CREATE TABLE IF NOT EXISTS format (            -- grain: one row: what these tables look like
    version INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS runs (              -- grain: one command that held the project
    run INTEGER NOT NULL,
    command VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,             -- UTC
    finished_at TIMESTAMP,
    outcome VARCHAR NOT NULL,                  -- running | done | refused | failed
    batches BIGINT NOT NULL DEFAULT 0,
    partitions BIGINT NOT NULL DEFAULT 0,
    evaluations BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS source_meanings (   -- grain: source; what its loaded rows were read and dated by
    source VARCHAR NOT NULL,
    meaning VARCHAR NOT NULL
);

CREATE TABLE IF NOT EXISTS batches (           -- grain: one content of an export file
    batch INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    file VARCHAR NOT NULL,                     -- relative to the project
    digest VARCHAR NOT NULL,                   -- SHA-256 of the file's bytes, and the ending of its name
    bytes BIGINT NOT NULL,
    status VARCHAR NOT NULL,                   -- loaded | refused
    reason VARCHAR,                            -- why it was refused
    records BIGINT NOT NULL,                   -- loaded: = new + updated + duplicate + superseded + rejected
    new BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    duplicate BIGINT NOT NULL,
    superseded BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    run INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS seen_files (        -- grain: source and file name; spares hashing a file that did not change
    source VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    modified_ns BIGINT NOT NULL,
    digest VARCHAR NOT NULL
);

CREATE TABLE IF NOT EXISTS rejects (           -- grain: one record that could not be taken
    source VARCHAR NOT NULL,
    batch INTEGER NOT NULL,
    line BIGINT NOT NULL,                      -- first line of the record in the file, from 1
    column_name VARCHAR,
    reason VARCHAR NOT NULL,
    raw VARCHAR NOT NULL                       -- the record as it stood in the file
);

CREATE TABLE IF NOT EXISTS logs (              -- grain: a published file of rejects or duplicates; see `missionctl rejects`
    source VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,                     -- rejects | duplicates
    first_batch INTEGER NOT NULL,              -- of the batches in it
    last_batch INTEGER NOT NULL,
    file VARCHAR NOT NULL,
    rows BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS days (              -- grain: source and business day that any record was ever dated to
    source VARCHAR NOT NULL,
    day DATE NOT NULL,                         -- 0001-01-01: records without any date
    change INTEGER NOT NULL                    -- the last batch that changed the day
);

CREATE TABLE IF NOT EXISTS partitions (        -- grain: source and business day that was computed
    source VARCHAR NOT NULL,
    day DATE NOT NULL,
    change INTEGER NOT NULL,                   -- days.change at that time
    meaning VARCHAR NOT NULL,                  -- fingerprint of the metrics in it
    orders_file VARCHAR,                       -- NULL: no such records that day
    left_out_file VARCHAR,
    file VARCHAR,                              -- the partition; NULL: no supplier that day
    digest VARCHAR,
    rows BIGINT NOT NULL                       -- suppliers in it
);

CREATE TABLE IF NOT EXISTS evaluations (       -- grain: as-of day
    as_of DATE NOT NULL,
    rules VARCHAR NOT NULL,                    -- fingerprint of the rules of all missions when it was made
    earlier VARCHAR NOT NULL,                  -- fingerprint of the awards before it; empty: it awards nothing itself
    awards VARCHAR NOT NULL,                   -- fingerprint of what missions with limits awarded that day; empty: nothing
    stale INTEGER,                             -- the batch whose records reach it since it was made; NULL: none does
    batch INTEGER,                             -- the newest by then; NULL: the day had not ended, so nothing is decided by it
    file VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    rows BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS evaluated_missions (  -- grain: as-of day and mission that had a window then
    as_of DATE NOT NULL,
    mission VARCHAR NOT NULL,
    rules VARCHAR NOT NULL,                    -- fingerprint of the rules that its windows follow; empty: to be made anew
    data VARCHAR NOT NULL                      -- fingerprint of the partitions and rosters that went in
);

CREATE TABLE IF NOT EXISTS rosters (           -- grain: a list of suppliers, or of a mission's assigned windows, as loaded
    roster VARCHAR NOT NULL,                   -- suppliers | assigned.<mission>
    version INTEGER NOT NULL,                  -- from 1
    effective DATE NOT NULL,                   -- the first as-of day that it counts for; 0001-01-01: from the beginning
    digest VARCHAR NOT NULL,                   -- of the export, a colon, and what was read from it
    file VARCHAR NOT NULL,
    rows BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS awards (            -- grain: mission, window and supplier that earned something
    mission_id VARCHAR NOT NULL,
    decided_on DATE NOT NULL,                  -- the as-of day of its decision
    supplier_id VARCHAR NOT NULL,
    window_start DATE NOT NULL,
    window_end DATE NOT NULL,
    earned DECIMAL(38,9) NOT NULL,             -- before limits
    reward DECIMAL(38,9) NOT NULL              -- what is paid
);

CREATE TABLE IF NOT EXISTS decisions (         -- grain: as-of day whose results are no longer those of the decisions in force
    decided_on DATE NOT NULL,
    file VARCHAR NOT NULL,                     -- the decisions in force
    digest VARCHAR NOT NULL,
    rows BIGINT NOT NULL,
    rules VARCHAR NOT NULL,                    -- fingerprint of the rules that they were decided by
    batch INTEGER NOT NULL,                    -- the newest by then
    due BOOLEAN NOT NULL                       -- whether the results were made anew and not held against them yet
);

CREATE TABLE IF NOT EXISTS corrections (       -- grain: one difference from a decision in force, as it was found
    number INTEGER NOT NULL,                   -- from 1
    decided_on DATE NOT NULL,
    mission_id VARCHAR NOT NULL,
    supplier_id VARCHAR NOT NULL,
    window_start DATE NOT NULL,
    window_end DATE NOT NULL,
    old_status VARCHAR,                        -- NULL: was not in the decided window
    new_status VARCHAR,                        -- NULL: is no longer in it
    old_reward DECIMAL(38,9),
    new_reward DECIMAL(38,9),
    cause VARCHAR NOT NULL,                    -- data, suppliers, assigned, rules, limits; what changed since the decision
    batch INTEGER,                             -- with data: the newest that changed a day of the window, and its file
    file VARCHAR,
    run INTEGER NOT NULL,                      -- which found it, and when that began, UTC
    recorded_at TIMESTAMP NOT NULL,
    state VARCHAR NOT NULL,                    -- open | withdrawn | applied
    closed_run INTEGER,                        -- which withdrew or applied it
    closed_at TIMESTAMP,
    reason VARCHAR                             -- of the restate that applied it
);

CREATE TABLE IF NOT EXISTS recounted (         -- grain: as awards, of decisions with limits that newer data changed and whose
    mission_id VARCHAR NOT NULL,               -- results were not made anew: what they would award
    decided_on DATE NOT NULL,
    supplier_id VARCHAR,                       -- NULL: a row per mission and day that says that it was counted
    window_start DATE,
    window_end DATE,
    earned DECIMAL(38,9)
);

CREATE TABLE IF NOT EXISTS settled (           -- grain: source; without a row its changes are no late data but a first load
    source VARCHAR NOT NULL,                   -- or @ and a roster
    number INTEGER NOT NULL                    -- of the batch, or of the roster's version, up to which corrections are recorded
);

CREATE TABLE IF NOT EXISTS rule_books (        -- grain: rules of all missions that anything was published with
    book VARCHAR NOT NULL,                     -- fingerprint of them
    since DATE NOT NULL,                       -- the first as-of day of which results were published by them
    file VARCHAR NOT NULL,                     -- the texts that they were read from
    rows BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS book_rules (        -- grain: book and mission
    book VARCHAR NOT NULL,
    mission VARCHAR NOT NULL,
    rules VARCHAR NOT NULL                     -- fingerprint of the mission's rules, and of its metrics
);

CREATE TABLE IF NOT EXISTS window_rules (      -- grain: mission and window that was ever published, but for rolling ones
    mission VARCHAR NOT NULL,
    window_start DATE NOT NULL,
    window_end DATE NOT NULL,
    book VARCHAR NOT NULL                      -- what it was first published with, and keeps
);

CREATE TABLE IF NOT EXISTS pruned (            -- grain: what prune removed and nothing has asked for since
    source VARCHAR NOT NULL,                   -- empty: the results as of the day
    day DATE NOT NULL,
    change INTEGER NOT NULL,                   -- days.change at that time: a later one makes the day stale
    awards VARCHAR NOT NULL                    -- evaluations.awards: later results were made from it
);

CREATE TABLE IF NOT EXISTS seals (             -- grain: what the last run that was done left, to be compared by verify
    name VARCHAR NOT NULL,                     -- a table of the ledger, or manifest.json
    rows BIGINT NOT NULL,
    digest VARCHAR NOT NULL                    -- of the rows in any order, after the engine's version; or of the file
);
