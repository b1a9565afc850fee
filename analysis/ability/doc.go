// Package ability estimates one model's ability θ from its answers, given the
// items' parameters: the mode (MAP) or mean (EAP) of the posterior, the mean given
// only the number of correct answers (EAPsum), the maximum of the likelihood (ML)
// or of Warm's weighted likelihood (WLE).
//
// θ is in standard deviations of a standard normal population, which is also the
// prior of MAP, EAP and EAPsum. Any number of answers may be missing; a missing
// answer has no influence.
package ability
