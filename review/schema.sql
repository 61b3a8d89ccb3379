-- A copy of what lies in S3 (or a folder), made to be filtered and sorted. It may be deleted at any time.
CREATE TABLE IF NOT EXISTS files (
    key TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    kind TEXT NOT NULL -- captured | decision | correction | opinion
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY,
    decision_id TEXT NOT NULL UNIQUE,
    event_id TEXT,
    file TEXT, -- of the captured record, with the line's place in it; NULL where nothing was captured
    start INTEGER,
    length INTEGER,
    decision_file TEXT,
    image TEXT, -- of the decision, JSON: where the image was uploaded
    time TEXT NOT NULL, -- UTC, ISO 8601: of the request, or when the decision was archived
    classifier TEXT NOT NULL,
    outcome TEXT,
    route TEXT,
    reason TEXT,
    label TEXT,
    confidence REAL,
    probabilities TEXT, -- JSON
    threshold REAL,
    doubt REAL NOT NULL, -- 1 - (largest probability - second largest)
    model TEXT,
    width INTEGER, -- of the picture, in pixels
    picture_fault TEXT,
    opinion TEXT, -- Rekognition's label
    truth TEXT, -- what everybody who looked says
    conflict INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS by_doubt ON records (doubt DESC, id DESC);
CREATE INDEX IF NOT EXISTS by_time ON records (time DESC, id DESC);
CREATE INDEX IF NOT EXISTS by_event ON records (event_id);
CREATE INDEX IF NOT EXISTS by_file ON records (file);
CREATE INDEX IF NOT EXISTS by_decision_file ON records (decision_file);
CREATE INDEX IF NOT EXISTS by_classifier ON records (classifier, doubt DESC, id DESC);
CREATE INDEX IF NOT EXISTS by_label ON records (label, doubt DESC, id DESC);
CREATE INDEX IF NOT EXISTS by_outcome ON records (outcome, doubt DESC, id DESC);
CREATE INDEX IF NOT EXISTS by_model ON records (model, doubt DESC, id DESC);
-- Narrow, so that counting all records need not read all that is known of them.
CREATE INDEX IF NOT EXISTS figures ON records
    (truth, conflict, time, classifier, outcome, route, label, confidence, model, opinion);

CREATE TABLE IF NOT EXISTS said (
    correction_id TEXT NOT NULL,
    file TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    person TEXT NOT NULL,
    at TEXT NOT NULL,
    withdrawn INTEGER NOT NULL, -- 1: the line takes the correction back
    line TEXT NOT NULL -- JSON
);
CREATE INDEX IF NOT EXISTS said_of ON said (decision_id);
CREATE INDEX IF NOT EXISTS said_by ON said (person, at DESC);
CREATE INDEX IF NOT EXISTS said_in ON said (file);
CREATE INDEX IF NOT EXISTS said_id ON said (correction_id);

CREATE TABLE IF NOT EXISTS opinions (
    decision_id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    file TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS opinions_in ON opinions (file);

CREATE TABLE IF NOT EXISTS faults (
    file TEXT NOT NULL,
    line INTEGER NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS faults_in ON faults (file);
