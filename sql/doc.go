// Package sql embeds the warehouse's schema: one SQL file an object.
//
// migrations/ is applied once each and in order, and a file that was released is
// never edited; views/ is replaced whenever a file changed; checks/ holds queries
// that return what is wrong and nothing when all is well; queries/ holds worked
// examples for docs/warehouse.md.
package sql
