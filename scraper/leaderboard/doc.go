// Package leaderboard reads what the leaderboard publishes about models: results and
// requests for evaluation. It also infers a model's size from its name.
package leaderboard
