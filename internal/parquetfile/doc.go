// Package parquetfile opens Parquet files that nobody vouches for. The Parquet library
// believes what a file says of itself: it reserves as much memory as a count asks for,
// loops on damaged pages of some compressions, and panics on others. Here the footer and
// the headers of pages are checked before the library sees them, and a panic becomes an
// error.
package parquetfile
