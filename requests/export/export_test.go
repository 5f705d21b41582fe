package export

func init() { scryptWork = 10 }
