"""Running a server: backups, health, metrics, the doctor."""
