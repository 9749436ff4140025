"""What comes and goes in bulk, as durable jobs: lists of blocked servers, people's CSVs, archives of posts."""
