package config_test

import (
	"fmt"
	"log"

	"metabench/config"
)

// Later sources replace earlier ones, and what is wrong is reported at once.
func ExampleLoad() {
	loaded, err := config.Load(config.Sources{
		Env:   []string{"METABENCH_BUILD_SEED=7", "METABENCH_HUB_PARALLEL=2"},
		Flags: map[string]string{"hub.parallel": "4"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(loaded.Build.Seed, loaded.Hub.Parallel, loaded.Publish.Keep)

	_, err = config.Load(config.Sources{Env: []string{"METABENCH_BUILD_SEDE=7"}})
	fmt.Println(err)
	// Output:
	// 7 4 7
	// configuration: 1 problem(s)
	//   METABENCH_BUILD_SEDE (environment): there is no such variable (did you mean "METABENCH_BUILD_SEED"?)
}
