// Package storetest tests whether a scraper.Store fulfils its contract, and has a store in
// memory that does.
package storetest
