// Package scraper is the crawl: it finds the leaderboard's evaluation repositories
// on the Hub, plans what is new, fetches the bytes that hold the answers, verifies
// them and hands them to a Store. It keeps nothing itself: what was read before, and what
// failed, is the Store's to remember, so that an interrupted crawl continues.
//
//	discover ──▶ plan ──▶ fetch ──▶ verify ──▶ Store
//
// Package hub speaks the Hub's protocol, package details reads evaluation files,
// package leaderboard reads what the leaderboard publishes about models.
package scraper
