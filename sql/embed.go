package sql

import "embed"

// Files is the whole schema.
//
//go:embed migrations/*.sql views/*.sql checks/*.sql queries/*.sql
var Files embed.FS
