var tweet_index =  [ {
  "file_name" : "data\/js\/tweets\/2016_12.js",
  "year" : 2016, "var_name" : "tweets_2016_12", "tweet_count" : 4, "month" : 12
}, {
  "file_name" : "data\/js\/tweets\/2016_11.js",
  "year" : 2016, "var_name" : "tweets_2016_11", "tweet_count" : 1, "month" : 11
} ]
