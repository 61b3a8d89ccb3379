"""The first parts of keys: where in the buckets things lie, and so what policies name."""

# In the incoming bucket.
INCOMING = "incoming/"  # a picture that lands here is routed by the upload itself
UPLOADS = "uploads/"  # these wait to be asked for
FROM_API = "api/"  # below either: came through the API, see `signpost.routing.object_keys`

# In the decisions bucket.
DECISIONS = "decisions/"
BATCHES = "batches/"  # results of the batch machine's maps
BATCH_ITEMS = f"{BATCHES}items/"  # the images of each batch, as JSON lines
REVIEW_INDEX = "review-index/"  # what the deployed review page answers from
QUESTIONS = "questions/"  # where async endpoints will answer, by endpoint and decision; kept for a day
PREPARED = "prepared/"  # pictures on their way to a model that are too large for the state; kept for a day

# In the captured bucket.
CAPTURE = "capture/"  # records of requests and answers, by endpoint and variant
OPINIONS = "opinions/"  # what other services said of the same pictures

# In the models bucket.
DATA = "data/"  # archives to train on, by classifier
CORRECTED = "corrected/"  # captured images that people corrected, by classifier and training job
JOBS = "jobs/"  # what training jobs leave, by classifier and job
CHECKPOINTS = "checkpoints/"  # where an interrupted training job goes on, by classifier and job
