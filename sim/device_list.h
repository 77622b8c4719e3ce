/* All models of peripherals/, a line each: DEVICE_MODEL(the model's name in C). */
DEVICE_MODEL(cmsdk_timer_model)
DEVICE_MODEL(goldfish_rtc_model)
