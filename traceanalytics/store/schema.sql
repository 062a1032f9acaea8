-- The tables of a store. Text columns name their compression: DuckDB's default leaves long strings uncompressed.
CREATE TABLE meta (name VARCHAR PRIMARY KEY, value VARCHAR);

CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY,
    framework VARCHAR,
    reader VARCHAR,
    model VARCHAR,
    model_family VARCHAR,
    algorithm VARCHAR,
    reward_type VARCHAR,
    data_format VARCHAR,
    domain VARCHAR,
    seed BIGINT,
    base_run_id VARCHAR,
    config JSON,
    created_at TIMESTAMP
);

CREATE TABLE prompts (
    prompt_key VARCHAR,
    problem_key VARCHAR,
    text VARCHAR USING COMPRESSION zstd,
    ground_truth VARCHAR USING COMPRESSION zstd,
    dataset VARCHAR,
    level VARCHAR,
    release_date DATE,
    extra JSON
);

CREATE TABLE rollouts (
    rollout_id VARCHAR,
    run_id VARCHAR,
    split VARCHAR,
    step BIGINT,
    prompt_key VARCHAR,
    group_id VARCHAR,
    sample_index INTEGER,
    output_index INTEGER,
    response VARCHAR USING COMPRESSION zstd,
    reward DOUBLE,
    reward_components MAP(VARCHAR, DOUBLE),
    advantage DOUBLE,
    correct BOOLEAN,
    prediction VARCHAR,
    finish_reason VARCHAR,
    n_tokens BIGINT,
    think_state VARCHAR,
    model VARCHAR,
    condition MAP(VARCHAR, VARCHAR),
    messages JSON USING COMPRESSION zstd,
    extra JSON USING COMPRESSION zstd,
    file_id VARCHAR,
    line BIGINT,
    item INTEGER,
    step_source VARCHAR,
    reward_source VARCHAR,
    correct_source VARCHAR,
    group_source VARCHAR
);

CREATE TABLE tokens (
    rollout_id VARCHAR,
    token_ids INTEGER[],
    logprobs FLOAT[],
    ref_logprobs FLOAT[],
    entropy FLOAT[],
    mask BOOLEAN[],
    alignment VARCHAR
);

CREATE TABLE turns (
    rollout_id VARCHAR,
    turn INTEGER,
    role VARCHAR,
    action VARCHAR USING COMPRESSION zstd,
    observation VARCHAR USING COMPRESSION zstd,
    valid BOOLEAN
);

CREATE TABLE files (
    file_id VARCHAR,
    run_id VARCHAR,
    path VARCHAR,
    size BIGINT,
    mtime DOUBLE,
    digest VARCHAR,
    reader VARCHAR,
    good_bytes BIGINT,
    good_lines BIGINT,
    blanks BIGINT,
    state VARCHAR
);

CREATE TABLE duplicates (file_id VARCHAR, line BIGINT, item INTEGER, rollout_id VARCHAR);

CREATE TABLE repeats (run_id VARCHAR, repeat_key VARCHAR, rollout_id VARCHAR);

CREATE TABLE rejects (file_id VARCHAR, line BIGINT, byte BIGINT, reason VARCHAR, raw VARCHAR USING COMPRESSION zstd);

CREATE TABLE taggers (
    tagger_id VARCHAR PRIMARY KEY,
    kind VARCHAR,
    name VARCHAR,
    version VARCHAR,
    digest VARCHAR,
    card JSON
);

CREATE TABLE tagged (
    tagger_id VARCHAR,
    rollout_id VARCHAR,
    shown VARCHAR[],
    segments INTEGER,
    characters INTEGER
);

CREATE TABLE tags (
    tagger_id VARCHAR,
    rollout_id VARCHAR,
    behavior VARCHAR,
    segment INTEGER,
    start INTEGER,
    stop INTEGER,
    score FLOAT,
    attributes MAP(VARCHAR, VARCHAR)
);

CREATE TABLE tagger_errors (
    tagger_id VARCHAR,
    behavior VARCHAR,
    run_id VARCHAR,
    step_band VARCHAR,
    tp DOUBLE,
    fp DOUBLE,
    fn DOUBLE,
    tn DOUBLE,
    sampled_how VARCHAR
);

CREATE TABLE judgments (
    id VARCHAR,
    unit VARCHAR,
    rollout_id VARCHAR,
    text VARCHAR USING COMPRESSION zstd,
    previous VARCHAR USING COMPRESSION zstd,
    prompt VARCHAR USING COMPRESSION zstd,
    behavior VARCHAR,
    judged BOOLEAN,
    judged_by VARCHAR,
    judged_on VARCHAR,
    source VARCHAR,
    drawn_with DOUBLE,
    note VARCHAR,
    file VARCHAR,
    line BIGINT
);

CREATE VIEW current_tagged AS
SELECT tagged.* FROM tagged JOIN meta ON meta.name = 'active_tagger' AND tagged.tagger_id = meta.value;

CREATE VIEW current_tags AS
SELECT tags.* FROM tags JOIN meta ON meta.name = 'active_tagger' AND tags.tagger_id = meta.value;
