// Package adaptive is computerised adaptive testing on fitted items: each model is asked
// the item that is most informative at its estimated ability.
//
// A Test is a bank of items with a selection criterion, an ability estimator and a
// stop rule. Test.Next is stateless: from the answers so far it returns the next item,
// the ability and the expected score over the whole bank. A Study runs a test on known
// answers of many models.
package adaptive
